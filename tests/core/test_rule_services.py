"""Rules about what answers: nothing, no TLS, a web site, a broken service, a stranger; and what lets clients wait."""

from dataclasses import replace
from typing import Any

import pytest

from check_autodiscover.core.analysis.endpoints import MAX_HOPS, candidates
from check_autodiscover.core.model.certificate import UnreadableCertificate
from check_autodiscover.core.model.observations import JSON_PATH, Connect, DnsStatus, Exchange, Handshake, HttpAnswer
from check_autodiscover.core.model.policy import ClientName, Expectations, Method, Step
from check_autodiscover.core.verdict.judge import judge
from tests.core import incidents
from tests.core.incidents import AAAA, HOSTER, MAIL, MULTI, REDIRECT_HOST, REMOTE, SINGLE, URL, A, auto, healthy
from tests.core.judging import Told, assert_told, rules_of, verdict
from tests.core.worlds import (
    APEX,
    AUTODISCOVER,
    CLOUD,
    DOMAIN,
    EXCHANGE,
    FOREIGN,
    PAGE,
    PASSWORD,
    SERVER,
    SETTINGS,
    Site,
    World,
    certificate,
    redirect,
    status,
    survey_of,
    xml,
    xml_redirect,
)

SV, SAU, TLS = "service-unreachable", "service-address-unreachable", "service-tls-failed"
NA, SB, SC = "service-not-autodiscover", "service-broken", "service-slow-candidate"
CC, CS = "service-client-certificate-demanded", "service-client-certificate-suspected"
NO, RI, RL = "service-no-authentication", "service-redirect-invalid", "service-redirect-loop"
XE, RA, LI = "service-xml-error", "service-redirect-address", "service-login-interrupted"
FL, FS = "service-foreign-login", "service-foreign-settings"
V6 = "2001:db8::10"
V2 = HttpAnswer("GET", Exchange.ANSWERED, 200, (), '{"Protocol":"AutodiscoverV1","Url":"https://x/"}', path=JSON_PATH)
CLOSING = replace(EXCHANGE, headers=(*EXCHANGE.headers, ("connection", "close")))
BEARER = ("www-authenticate", "Bearer authorization_uri=https://login.example")
BUSY = HttpAnswer("GET", Exchange.ANSWERED, 503, (("retry-after", "30"),))
NO_METHOD = HttpAnswer("GET", Exchange.ANSWERED, 401)


def serving(**changes: Any) -> World:
    """The healthy SRV world with something else at the server."""
    return healthy("srv").site(SERVER, Site(SINGLE, **changes))


def answering(answer: HttpAnswer) -> World:
    return serving(answer=answer)


def ended(outcome: Exchange) -> HttpAnswer:
    return HttpAnswer("GET", outcome)


def second(site: Site) -> World:
    """The healthy SRV world with a second address of the server."""
    return healthy("srv").zone(lambda zone: zone.with_(REMOTE, AAAA, V6)).site(V6, site)


def at(rule: str, severity: str, addresses: tuple[str, ...] = (SERVER,), **more: Any) -> Told:
    """What is told at the SRV record's target."""
    return Told(rule, severity, "srv", REMOTE, addresses, **more)


def apex(site: Site, method: str = "srv") -> World:
    return healthy(method).site(APEX, site)


def root(rule: str, severity: str, **more: Any) -> Told:
    return Told(rule, severity, "root", DOMAIN, (APEX,), **more)


def redirected_to(name: str, answer: HttpAnswer, *expected: str) -> World:
    """Port 80 redirects to a host of this name, which answers so; the server's host is expected, and these."""
    url = f"https://{name}/autodiscover/autodiscover.xml"
    world = healthy("redirect").zone(lambda zone: zone.with_(name, A, FOREIGN))
    world = world.site(REDIRECT_HOST, Site(http=Connect.CONNECTED, http_answer=redirect(url)))
    world = world.site(FOREIGN, Site(certificate(name), answer))
    return world.with_policy(expect=Expectations(redirects=(REMOTE, *expected)))


PANEL = certificate(DOMAIN, "www.contoso.com")

RAISED = {
    "refused": (
        healthy("srv").site(SERVER, Site()),
        at(SV, "CRITICAL", args={"reason": "refused", "port": "443", "url": f"https://{REMOTE}"}),
    ),
    "swallowed": (serving(https=Connect.TIMEOUT), at(SV, "CRITICAL", args={"reason": "no answer"})),
    "no route": (serving(https=Connect.UNREACHABLE), at(SV, "CRITICAL", args={"reason": "no route"})),
    "reset": (serving(https=Connect.RESET), at(SV, "CRITICAL", args={"reason": "reset"})),
    "connected and silent": (
        serving(handshake=Handshake.SILENT),
        at(SV, "CRITICAL", args={"reason": "accepts the connection and says nothing"}),
    ),
    "a family that this host lacks is no excuse": (
        second(Site(SINGLE, https=Connect.NO_FAMILY)).site(SERVER, Site()),
        at(SV, "CRITICAL", args={"reason": "refused"}),
    ),
    "both addresses are dead": (second(Site()).site(SERVER, Site()), at(SV, "CRITICAL", (SERVER, V6))),
    "one address of two is dead": (
        second(Site(SINGLE, https=Connect.TIMEOUT)),
        at(SAU, "WARNING", (V6,), args={"reason": "no answer", "where": V6}),
    ),
    "no common protocol": (serving(handshake=Handshake.REJECTED), at(TLS, "CRITICAL", args={"reason": "rejected"})),
    "no TLS at all": (serving(handshake=Handshake.NOT_TLS), at(TLS, "CRITICAL", args={"reason": "not-tls"})),
    "reset while shaking hands": (serving(handshake=Handshake.RESET), at(TLS, "CRITICAL")),
    "a client certificate is demanded": (
        serving(answer=status(400), asks=True),
        at(CC, "CRITICAL", args={"url": f"https://{REMOTE}", "where": SERVER}),
    ),
    "a client certificate is suspected": (
        serving(answer=status(403), elsewhere=EXCHANGE),
        at(CS, "CRITICAL", args={"url": f"https://{REMOTE}", "where": SERVER}),
    ),
    "a web page": (answering(PAGE), at(NA, "CRITICAL", args={"answer": "a web page"})),
    "404": (
        answering(status(404)),
        at(
            SB,
            "CRITICAL",
            args={
                "answer": "HTTP 404",
                "busy": "",
                "advice": f"Re-create the Autodiscover virtual directory on {REMOTE}, or publish its path.",
            },
        ),
    ),
    "the status that was seen": (answering(status(410)), at(SB, "CRITICAL", args={"answer": "HTTP 410"})),
    "403": (answering(status(403)), at(SB, "CRITICAL", args={"answer": "HTTP 403"})),
    "500": (answering(status(500)), at(SB, "CRITICAL", args={"answer": "HTTP 500"})),
    "502": (answering(status(502)), at(SB, "CRITICAL", args={"answer": "HTTP 502"})),
    "busy": (answering(BUSY), at(SB, "UNKNOWN", args={"answer": "HTTP 503, come back later", "busy": "yes"})),
    "too many requests": (answering(status(429)), at(SB, "UNKNOWN", args={"busy": "yes"})),
    "503 that names no time": (answering(status(503)), at(SB, "CRITICAL", args={"busy": ""})),
    "row 37: 401 without a method": (
        answering(NO_METHOD),
        at(NO, "CRITICAL", args={"answer": "HTTP 401 that offers no way to log in"}),
    ),
    "closed after the request": (
        answering(ended(Exchange.CLOSED)),
        at(SB, "CRITICAL", args={"answer": "a broken connection"}),
    ),
    "silent after the request": (answering(ended(Exchange.SILENT)), at(SB, "CRITICAL", args={"answer": "silence"})),
    "XML with a document type": (
        answering(replace(PAGE, body='<?xml version="1.0"?><!DOCTYPE x><Autodiscover/>')),
        at(NA, "CRITICAL", args={"answer": "XML that is no Autodiscover answer"}),
    ),
    "no HTTP": (
        answering(ended(Exchange.MALFORMED)),
        at(SB, "CRITICAL", args={"answer": "something that is no HTTP/1.1"}),
    ),
    "a redirect to another path": (
        answering(redirect(f"https://{REMOTE}/owa/")),
        at(RI, "CRITICAL", args={"answer": f"a redirect to https://{REMOTE}/owa/, not to Autodiscover"}),
    ),
    "a redirect to http": (
        answering(redirect(URL.replace("https", "http"))),
        at(
            RI,
            "CRITICAL",
            args={
                "answer": f"a redirect to plain http, http://{REMOTE}/autodiscover/autodiscover.xml, "
                "not to Autodiscover"
            },
        ),
    ),
    "a redirect to itself": (
        answering(redirect(URL)),
        at(RL, "CRITICAL", args={"answer": f"a redirect back to {URL}"}),
    ),
    "one of two addresses answers wrongly": (second(Site(SINGLE, PAGE)), at(NA, "CRITICAL", (V6,))),
    "port 80 does not redirect": (
        healthy("redirect").site(REDIRECT_HOST, Site(http=Connect.CONNECTED, http_answer=PAGE)),
        Told(NA, "CRITICAL", "redirect", AUTODISCOVER, (REDIRECT_HOST,)),
    ),
    "port 80 is dead": (
        healthy("redirect").site(REDIRECT_HOST, Site()),
        Told(SV, "CRITICAL", "redirect", AUTODISCOVER, (REDIRECT_HOST,), args={"port": "80"}),
    ),
    "a redirect to a host that is not expected, and serves": (
        redirected_to("exchange.hoster.example", EXCHANGE),
        Told(
            RI,
            "CRITICAL",
            "redirect",
            "exchange.hoster.example",
            (FOREIGN,),
            args={"stray": REMOTE, "where": FOREIGN},
        ),
    ),
    "a stranger behind a redirect that is not expected": (
        redirected_to("exchange.hoster.example", PASSWORD),
        Told(FL, "CRITICAL", "redirect", "exchange.hoster.example", (FOREIGN,), cause=RI),
    ),
    "row 38: NTLM through a proxy without affinity": (answering(CLOSING), at(LI, "WARNING")),
    "row 56: an error that no mailbox is the reason of": (
        answering(xml("<Error><ErrorCode>603</ErrorCode><Message>x</Message></Error>", "POST")),
        at(XE, "WARNING", args={"code": "603", "meaning": "internal error"}),
    ),
    "an address of another domain": (
        answering(xml_redirect("redirectAddr", "someone@Fabrikam.com")),
        at(RA, "UNKNOWN", args={"target": "fabrikam.com"}),
    ),
    "an address of no domain": (
        answering(xml_redirect("redirectAddr", "x@|b")),
        at(RA, "UNKNOWN", args={"target": "no usable address"}),
    ),
    "an address of the same domain": (
        answering(xml_redirect("redirectAddr", "someone@contoso.com")),
        at(RL, "WARNING", args={"answer": "a redirect to an address of contoso.com itself"}),
    ),
    "the XML redirects to http": (
        answering(xml_redirect("redirectUrl", URL.replace("https", "http"))),
        at(RI, "CRITICAL"),
    ),
    "the XML redirects to itself": (answering(xml_redirect("redirectUrl", URL)), at(RL, "CRITICAL")),
    "500, while V2 works": (
        serving(answer=status(500), beside=V2),
        at(SB, "CRITICAL", args={"answer": "HTTP 500", "beside": "autodiscover.json"}),
    ),
    "port 80 redirects elsewhere": (
        healthy("redirect").site(
            REDIRECT_HOST, Site(http=Connect.CONNECTED, http_answer=redirect("https://x.example/"))
        ),
        Told(RI, "CRITICAL", "redirect", AUTODISCOVER, (REDIRECT_HOST,)),
    ),
    "a panel at the root asks for a password": (
        apex(Site(PANEL, PASSWORD)),
        root(FL, "CRITICAL", args={"url": f"https://{DOMAIN}", "where": APEX}),
    ),
    "a panel at the root gives settings": (apex(Site(PANEL, SETTINGS)), root(FS, "CRITICAL")),
    "a panel under exchange-online": (apex(Site(PANEL, SETTINGS), "exchange-online"), root(FS, "WARNING")),
    "a valid stranger at the host record": (
        incidents.row_12("srv").site(FOREIGN, Site(certificate(AUTODISCOVER, issuer="Let us"), PASSWORD)),
        Told(FL, "CRITICAL", "autodiscover", AUTODISCOVER, (FOREIGN,), cause="dns-unwanted-host-record"),
    ),
    "row 17: swallowed before the intended endpoint": (
        apex(Site(PANEL, https=Connect.TIMEOUT)),
        root(SC, "WARNING", args={"reason": "no answer", "port": "443", "url": f"https://{DOMAIN}"}),
    ),
    "silent before the intended endpoint": (
        apex(Site(PANEL, handshake=Handshake.SILENT)),
        root(SC, "WARNING", args={"reason": "accepts the connection and says nothing"}),
    ),
    "swallowed under exchange-online": (apex(Site(PANEL, https=Connect.TIMEOUT), "exchange-online"), root(SC, "OK")),
    "swallowed without Autodiscover": (apex(Site(PANEL, https=Connect.TIMEOUT), "none"), root(SC, "OK")),
    "cut short before the intended endpoint": (incidents.row_48_after("srv"), root(SC, "WARNING")),
}


@pytest.mark.parametrize("case", RAISED)
def test_each_fault_of_a_service_is_told_with_its_facts(case: str) -> None:
    assert_told(*RAISED[case])


def to_https_of_itself() -> World:
    """Port 80 of the host record redirects to its own https URL, whose redirects are said to lead to the server."""
    url = f"https://{AUTODISCOVER}/autodiscover/autodiscover.xml"
    site = Site(MULTI, http=Connect.CONNECTED, http_answer=redirect(url))
    return healthy("host").site(SERVER, site).with_policy(expect=Expectations(redirects=(REMOTE,)))


HEALTHY = healthy("srv")
CLOUDY = healthy("exchange-online").site("52.97.0.1", Site(HOSTER, https=Connect.TIMEOUT))
NOT_CONNECTED = HEALTHY.site(SERVER, Site()).with_policy(
    views=tuple(replace(view, connect=False) for view in HEALTHY.policy.views)
)
SILENT = {
    SV: {
        "it answers": HEALTHY,
        "one address of two": second(Site()),
        "only a family that this host lacks": serving(https=Connect.NO_FAMILY),
        "views that are not connected to": NOT_CONNECTED,
        "Microsoft's": CLOUDY,
        "the web site": apex(Site()),
        "not finished": replace(HEALTHY, cut=(SERVER,)),
    },
    SAU: {
        "all of them": second(Site()).site(SERVER, Site()),
        "a family that this host lacks": second(Site(SINGLE, https=Connect.NO_FAMILY)),
        "Microsoft's": CLOUDY,
    },
    TLS: {
        "a session": HEALTHY,
        "connected and silent": serving(handshake=Handshake.SILENT),
        "the web site": apex(Site(PANEL, handshake=Handshake.REJECTED)),
        "a certificate that cannot be read": HEALTHY.site(
            SERVER, Site(UnreadableCertificate("", "bad object header"), handshake=Handshake.REJECTED)
        ),
        "Microsoft's": CLOUDY,
    },
    NA: {"Exchange": HEALTHY, "the web site": HEALTHY.site(APEX, Site(PANEL, PAGE)), "Microsoft's": CLOUDY},
    SB: {
        "Exchange": HEALTHY,
        "the web site": apex(Site(PANEL, status(500))),
        "a redirect that is followed": healthy("host")
        .zone(lambda zone: zone.with_(REMOTE, A, "203.0.113.12"))
        .site(SERVER, Site(MULTI, redirect(URL)))
        .site("203.0.113.12", Site(SINGLE)),
        "Microsoft's": CLOUDY,
    },
    CC: {
        "Exchange": HEALTHY,
        "asked for and done without": serving(asks=True),
        "the web site": apex(Site(PANEL, status(403), asks=True)),
        "nothing is asked for": answering(status(403)),
    },
    CS: {
        "Exchange": HEALTHY,
        "refused everywhere": serving(answer=status(403), elsewhere=status(403)),
        "it is proven": serving(answer=status(403), asks_here=True, elsewhere=EXCHANGE),
    },
    NO: {"Exchange": HEALTHY, "a method we do not know to be Exchange's": answering(PASSWORD)},
    RI: {
        "a healthy redirect": healthy("redirect"),
        "it loops": answering(redirect(URL)),
        "Exchange": HEALTHY,
        "it leads where it is expected to": healthy("redirect").with_policy(expect=Expectations(redirects=(REMOTE,))),
        "another host is expected as well": redirected_to("other.contoso.com", EXCHANGE, "other.contoso.com"),
        "from http to https on one host": to_https_of_itself(),
    },
    RL: {
        "a healthy redirect": healthy("redirect"),
        "it leads elsewhere": answering(redirect(f"https://{REMOTE}/owa/")),
        "the web site": apex(Site(PANEL, redirect(f"https://{DOMAIN}/autodiscover/autodiscover.xml"))),
    },
    LI: {
        "Exchange": HEALTHY,
        "Basic is offered beside it": answering(
            replace(CLOSING, headers=(*CLOSING.headers, ("www-authenticate", 'Basic realm="x"')))
        ),
        "Bearer is offered beside it": answering(replace(CLOSING, headers=(*CLOSING.headers, BEARER))),
        "the web site": apex(Site(PANEL, CLOSING)),
    },
    XE: {
        "Exchange": HEALTHY,
        "settings": answering(SETTINGS),
        "an unknown address": answering(xml("<Error><ErrorCode>500</ErrorCode></Error>", "POST")),
        "a GET is no request": answering(xml("<Error><ErrorCode>600</ErrorCode></Error>")),
    },
    RA: {
        "Exchange": HEALTHY,
        "settings": answering(SETTINGS),
        "to a URL": answering(xml_redirect("redirectUrl", URL)),
        "to an address of the same domain": answering(xml_redirect("redirectAddr", "someone@contoso.com")),
    },
    FL: {
        "Exchange": HEALTHY,
        "our own server asks": answering(PASSWORD),
        "the server named with another certificate": healthy("host").site(SERVER, Site(MULTI, PASSWORD)),
        "the root is nobody's without Autodiscover": apex(Site(PANEL, PASSWORD), "none"),
        "Exchange Online": healthy("exchange-online"),
    },
    FS: {
        "Exchange": HEALTHY,
        "our own server gives settings": answering(SETTINGS),
        "the root is nobody's without Autodiscover": apex(Site(PANEL, SETTINGS), "none"),
    },
    SC: {
        "everything answers": HEALTHY,
        "refused at once": apex(Site()),
        "the intended endpoint": serving(https=Connect.TIMEOUT),
        "after the intended endpoint": healthy("host").zone(lambda zone: zone.with_(REMOTE, A, FOREIGN)),
    },
}


@pytest.mark.parametrize(("rule", "case"), [(rule, case) for rule, cases in SILENT.items() for case in cases])
def test_nothing_is_told_where_a_rule_of_services_does_not_hold(rule: str, case: str) -> None:
    assert rule not in rules_of(verdict(SILENT[rule][case]))


ALERT = HttpAnswer("GET", Exchange.RESET, detail="tlsv13 alert certificate required")
IIS_PAGE = HttpAnswer("GET", Exchange.ANSWERED, 403, body="<h2>403.7 - The page requires a client certificate</h2>")
LOGIN = HttpAnswer("GET", Exchange.ANSWERED, 302, (("location", "/owa/auth/logon.aspx"),))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"answer": ALERT, "asks": True}, CC),
        ({"answer": ALERT}, CC),
        ({"answer": status(400), "asks": True}, CC),
        ({"answer": status(403), "asks_here": True}, CC),
        ({"answer": status(403), "asks_here": True, "elsewhere": EXCHANGE}, CC),
        ({"answer": ended(Exchange.RESET), "asks_here": True, "elsewhere": EXCHANGE}, CC),
        ({"answer": ended(Exchange.RESET), "asks": True}, CC),
        ({"answer": ended(Exchange.RESET), "asks": True, "elsewhere": EXCHANGE}, CS),
        ({"answer": status(403), "asks": True, "elsewhere": EXCHANGE}, CS),
        ({"answer": status(403), "asks": True}, CS),
        ({"answer": IIS_PAGE}, CC),
        ({"handshake": Handshake.REJECTED, "asks": True}, CC),
        ({"answer": status(403), "elsewhere": LOGIN}, CS),
        ({"answer": status(500), "elsewhere": EXCHANGE}, CS),
        ({"answer": ended(Exchange.RESET), "elsewhere": status(404)}, CS),
        ({"answer": status(403)}, SB),
        ({"answer": status(500), "elsewhere": status(403)}, SB),
        ({"handshake": Handshake.REJECTED}, TLS),
    ],
)
def test_scenario_3_is_proven_or_suspected_or_neither(changes: dict[str, object], rule: str) -> None:
    """Rows 25 to 28 of the failure-mode catalogue."""
    report = verdict(serving(**changes))
    assert {item.finding.rule for item in report.roots if item.severity.value != "OK"} == {rule}
    codes = {step.code for walk in report.walks for step in walk.steps}
    assert ("0x80072F0C" in codes) == (rule == CC)


def test_a_certificate_that_is_asked_for_and_not_needed_is_no_fault() -> None:
    assert verdict(serving(asks=True)).state.value == "OK"


def test_a_server_that_asks_everybody_and_refuses_everybody_is_told_as_what_is_seen() -> None:
    """A filter by country may stand behind 403 as well as a demand that only the application makes."""
    first = verdict(serving(answer=status(403), asks=True)).summary
    assert "asks for a client certificate and answers HTTP 403: Outlook finds" in first


def test_only_a_path_that_misbehaves_is_experimented_on() -> None:
    healthy_paths = {question.path for question in verdict(healthy("srv")).survey.contacts}
    refused = {(item.path, item.variant) for item in verdict(answering(status(403))).survey.contacts}
    assert len(healthy_paths) == 1
    assert len(refused) == 5


def hopping(hops: int) -> World:
    """A redirect that goes on and on, at last to Exchange."""
    world = healthy("host").site(
        SERVER, Site(MULTI, redirect("https://hop1.contoso.com/autodiscover/autodiscover.xml"))
    )
    for number in range(1, hops + 1):
        name, address = f"hop{number}.contoso.com", f"192.0.2.{number}"
        last = number == hops
        answer = EXCHANGE if last else redirect(f"https://hop{number + 1}.contoso.com/autodiscover/autodiscover.xml")
        world = world.zone(lambda zone, name=name, address=address: zone.with_(name, A, address))
        world = world.site(address, Site(certificate(name, key=MULTI.public_key), answer))
    return world


@pytest.mark.parametrize(("hops", "state"), [(1, "OK"), (2, "OK"), (10, "OK"), (11, "CRITICAL"), (30, "CRITICAL")])
def test_redirects_are_followed_as_often_as_clients_do(hops: int, state: str) -> None:
    report = verdict(hopping(hops))
    assert report.state.value == state, report.summary
    contacted = {question.name for question in report.survey.contacts if question.name.startswith("hop")}
    assert len(contacted) == min(hops, 10)


def test_of_redirects_without_number_a_few_are_followed_and_that_is_told() -> None:
    """Each address answers with a URL of its own, and so does whatever is met there."""
    addresses = [f"198.51.100.{number}" for number in range(1, 17)]
    world = healthy("redirect").zone(lambda zone: zone.with_(AUTODISCOVER, A, *addresses))
    for address in addresses:
        answer = redirect(f"https://{AUTODISCOVER}/autodiscover/{address}/autodiscover.xml")
        further = redirect(f"https://{AUTODISCOVER}/autodiscover/again/{address}/autodiscover.xml")
        site = Site(certificate(AUTODISCOVER), further, http=Connect.CONNECTED, http_answer=answer)
        world = world.site(address, site)
    survey = survey_of(world)
    hops = [item for item in candidates(survey, survey.policy.views[0]) if item.hop and item.step is Step.REDIRECT]
    assert len(hops) == MAX_HOPS
    assert f"inside: {MAX_HOPS} redirects were followed at the redirect step, and no more" in judge(survey).notes


def test_a_redirect_to_another_host_than_expected_is_a_warning_where_it_is_the_server_all_the_same() -> None:
    """Nobody is hit: `--server` says that the host is ours, and `--expected-redirect` has not been told."""
    world = redirected_to(REMOTE, EXCHANGE).with_policy(expect=Expectations(redirects=("old.contoso.com",)))
    report = verdict(world.site(FOREIGN, Site(SINGLE)))
    assert report.state.value == "WARNING", report.summary
    assert {item.finding.rule for item in report.roots if item.severity.value != "OK"} == {RI}
    assert "--expected-redirect remote.contoso.com" in report.roots[0].remedy


def test_every_hop_of_a_redirect_must_be_expected() -> None:
    expected = ("hop1.contoso.com", "hop2.contoso.com")
    assert verdict(hopping(2).with_policy(expect=Expectations(redirects=expected))).state.value == "OK"
    report = verdict(hopping(2).with_policy(expect=Expectations(redirects=expected[1:])))
    assert {item.finding.subject for item in report.judgements if item.finding.rule == RI} == {"hop1.contoso.com"}


def test_rows_52_and_53_a_followed_redirect_may_have_any_status_but_must_lead_to_the_path() -> None:
    for code in (301, 302, 307):
        site = Site(http=Connect.CONNECTED, http_answer=replace(redirect(URL), status=code))
        assert verdict(healthy("redirect").site(REDIRECT_HOST, site)).state.value == "OK"


def test_row_54_a_redirect_host_that_listens_on_443_is_told_by_its_certificate() -> None:
    report = verdict(incidents.row_38("redirect"))
    assert report.roots[0].finding.rule == "certificate-name-mismatch"
    assert "service-redirect-invalid" not in rules_of(report)


def test_row_55_the_eleventh_redirect_is_told_from_one_that_leads_back() -> None:
    told = {item.finding.arg("answer") for item in verdict(hopping(11)).judgements if item.finding.rule == RL}
    assert told == {"a redirect again, after 10 of them"}


def test_a_loop_of_redirects_is_told_as_one() -> None:
    back = f"https://{AUTODISCOVER}/autodiscover/autodiscover.xml"
    world = healthy("host").site(SERVER, Site(MULTI, redirect(URL))).zone(lambda zone: zone.with_(REMOTE, A, FOREIGN))
    report = verdict(world.site(FOREIGN, Site(SINGLE, redirect(back))))
    assert report.state.value == "CRITICAL"
    assert {item.finding.rule for item in report.roots} == {RL}
    assert {walk.outcome.value for walk in report.walks if walk.judged} == {"nothing"}


@pytest.mark.parametrize("method", ["srv", "host", "redirect", "exchange-online"])
@pytest.mark.parametrize(("answer", "outcome"), [(PASSWORD, "wrong-login"), (SETTINGS, "wrong-settings")])
def test_a_panel_at_the_root_is_a_stranger_to_every_method(method: str, answer: HttpAnswer, outcome: str) -> None:
    report = verdict(apex(Site(PANEL, answer), method))
    assert {walk.outcome.value for walk in report.walks if walk.judged} == {outcome}


def test_a_root_that_no_client_walks_to_is_no_stranger() -> None:
    world = apex(Site(PANEL, PASSWORD)).with_policy(skip_steps=(Step.ROOT,))
    assert verdict(world).state.value == "OK"


def test_clients_that_are_not_judged_meet_no_stranger() -> None:
    report = verdict(apex(Site(PANEL, PASSWORD)).with_policy(clients=()))
    assert FL not in rules_of(report)


@pytest.mark.parametrize("method", ["srv", "host"])
def test_the_cloud_behind_the_host_record_is_a_stranger_to_other_methods(method: str) -> None:
    report = verdict(incidents.row_36(method))
    assert {walk.outcome.value for walk in report.walks if walk.judged} == {"wrong-login"}


def test_exchange_on_premises_is_a_stranger_under_exchange_online() -> None:
    report = verdict(incidents.row_4("exchange-online"))
    assert {walk.outcome.value for walk in report.walks if walk.judged} == {"wrong-login"}


def test_without_a_named_server_the_intended_endpoint_is_no_stranger() -> None:
    report = verdict(answering(PASSWORD).with_policy(servers=()))
    assert {walk.outcome.good for walk in report.walks if walk.judged} == {True}


def test_auto_without_reference_sees_the_stranger_at_a_moved_record() -> None:
    world = incidents.row_12("host").site(FOREIGN, Site(certificate(AUTODISCOVER), PASSWORD))
    assert verdict(auto(world).with_policy(servers=())).state.value == "CRITICAL"


def test_the_worst_address_decides_for_everybody() -> None:
    report = verdict(second(Site(HOSTER, PAGE)))
    outcomes = {walk.client: walk.outcome.value for walk in report.walks if walk.judged}
    assert outcomes[ClientName.OUTLOOK_2016] == "warned"
    assert outcomes[ClientName.EWS] == "nothing"


def test_a_family_that_this_host_lacks_is_a_note_and_spoils_nothing() -> None:
    report = verdict(second(Site(SINGLE, https=Connect.NO_FAMILY)))
    assert f"{V6} was not contacted: this host lacks its address family" in report.notes
    assert report.summary == verdict(HEALTHY).summary


def test_a_server_of_a_family_that_this_host_lacks_altogether_leaves_outcomes_unknown() -> None:
    report = verdict(serving(https=Connect.NO_FAMILY))
    assert {walk.outcome.value for walk in report.walks if walk.judged} == {"unknown"}


def test_a_view_that_is_not_connected_to_is_noted_and_fares_unknown() -> None:
    report = verdict(NOT_CONNECTED)
    assert {walk.outcome.value for walk in report.walks if walk.judged} == {"unknown"}
    assert "outside: its addresses were not connected to" in report.notes


def test_another_method_of_a_view_has_its_own_strangers() -> None:
    world = healthy("exchange-online").zone(
        lambda zone: zone.without(AUTODISCOVER).with_(AUTODISCOVER, A, SERVER).with_(MAIL, A, SERVER), "inside"
    )
    world = world.site(SERVER, Site(MULTI)).with_policy(methods=(("inside", Method.HOST),))
    assert verdict(world).state.value == "OK"


def test_a_lookup_that_failed_leads_to_no_finding_about_the_service() -> None:
    world = HEALTHY.zone(lambda zone: replace(zone, failing={REMOTE: DnsStatus.SERVFAIL}))
    assert {rule for rule in rules_of(verdict(world)) if rule.startswith("service")} == set()


def test_a_cloud_alias_is_never_contacted() -> None:
    report = verdict(CLOUDY)
    assert {question.name for question in report.survey.contacts} == {DOMAIN}
    assert CLOUD in str(report.walks)


def test_a_v2_service_beside_a_bare_password_prompt_shows_who_asks() -> None:
    """The host record of a valid server that hides Exchange's own headers, judged without a reference."""
    site = Site(MULTI, PASSWORD)
    world = auto(healthy("host")).with_policy(servers=())
    assert verdict(world.site(SERVER, site)).state.value == "CRITICAL"
    report = verdict(world.site(SERVER, replace(site, beside=V2)))
    assert report.state.value == "OK", report.summary
    assert {choice.effective.value for choice in report.methods} == {"host"}


def test_a_stranger_who_sends_clients_on_misleads_them() -> None:
    report = verdict(apex(Site(PANEL, xml_redirect("redirectAddr", "x@hoster.example"))))
    assert {walk.outcome.value for walk in report.walks if walk.judged} == {"wrong-settings"}


def test_who_is_sent_on_by_our_own_server_is_not_known_to_fare_well() -> None:
    report = verdict(answering(xml_redirect("redirectAddr", "someone@fabrikam.com")))
    assert {walk.outcome.value for walk in report.walks if walk.judged} == {"unknown"}


def test_an_xml_redirect_is_followed_and_its_target_is_met_as_any_candidate() -> None:
    world = healthy("host").zone(lambda zone: zone.with_(REMOTE, A, "203.0.113.12"))
    world = world.site(SERVER, Site(MULTI, xml_redirect("redirectUrl", URL))).site("203.0.113.12", Site(SINGLE))
    report = verdict(world)
    assert report.state.value == "OK", report.summary
    assert REMOTE in {question.name for question in report.survey.contacts if question.address == "203.0.113.12"}
