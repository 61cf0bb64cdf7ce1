"""How each client goes on at each thing it can meet: outcome, the code that Outlook logs, and the step it stops at."""

from dataclasses import dataclass, field, replace

import pytest

from check_autodiscover.core.analysis.assessment import observe
from check_autodiscover.core.analysis.contacts import EndpointState
from check_autodiscover.core.analysis.endpoints import Candidate
from check_autodiscover.core.analysis.replies import AnswerClass
from check_autodiscover.core.analysis.walks import ANSWERS, Walker, walk
from check_autodiscover.core.model.certificate import UnreadableCertificate
from check_autodiscover.core.model.clients import CLIENTS, OUTCOMES, Outcome, Walk
from check_autodiscover.core.model.observations import (
    Connect,
    Contact,
    DnsStatus,
    EndpointQuestion,
    Exchange,
    Handshake,
    HttpAnswer,
    Srv,
    VerifyError,
)
from check_autodiscover.core.model.policy import ClientName, Family, Method, Step
from tests.core import incidents
from tests.core.incidents import AAAA, HOSTER, MULTI, REDIRECT_HOST, REMOTE, SINGLE, SRV, URL, A, healthy, with_srv
from tests.core.judging import verdict
from tests.core.worlds import (
    APEX,
    AUTODISCOVER,
    CLOUD,
    DOMAIN,
    EXCHANGE,
    PAGE,
    PASSWORD,
    SERVER,
    SETTINGS,
    SRV_NAME,
    Site,
    World,
    certificate,
    redirect,
    status,
    survey_of,
)

OUTLOOKS = (ClientName.OUTLOOK_2016, ClientName.OUTLOOK_2013, ClientName.OUTLOOK_2010, ClientName.OUTLOOK_2007)
LIBRARIES = (ClientName.EWS, ClientName.EXCHANGELIB)
SEEN = (*OUTLOOKS, *LIBRARIES)
"""The clients whose outcome can be seen from here."""
ROOT_CERTIFICATE = certificate(DOMAIN)
BUSY = HttpAnswer("GET", Exchange.ANSWERED, 503, (("retry-after", "30"),))
NO_METHOD = HttpAnswer("GET", Exchange.ANSWERED, 401)


def walked(world: World, client: ClientName, view: str = "inside") -> Walk:
    """A client's course through a view of a world."""
    return next(walk for walk in verdict(world).walks if (walk.view, walk.client) == (view, client))


def course(walk: Walk, step: Step) -> list[tuple[str, str]]:
    """What a walk notes at a step: outcome and code."""
    return [(item.outcome, item.code) for item in walk.steps if item.step is step]


GO_ON = {
    "refused": (Site(), "0x80072EFD"),
    "no route": (Site(ROOT_CERTIFICATE, https=Connect.UNREACHABLE), "0x80072EFD"),
    "reset": (Site(ROOT_CERTIFICATE, https=Connect.RESET), "0x80072EFD"),
    "swallowed": (Site(ROOT_CERTIFICATE, https=Connect.TIMEOUT), "0x80072EE2"),
    "connected and silent": (Site(ROOT_CERTIFICATE, handshake=Handshake.SILENT), "0x80072EE2"),
    "no common protocol": (Site(ROOT_CERTIFICATE, handshake=Handshake.REJECTED), "0x80072F7D"),
    "no TLS": (Site(ROOT_CERTIFICATE, handshake=Handshake.NOT_TLS), "0x80072F7D"),
    "reset in the handshake": (Site(ROOT_CERTIFICATE, handshake=Handshake.RESET), "0x80072F7D"),
    "a web page": (Site(ROOT_CERTIFICATE, PAGE), "0x80004005"),
    "a redirect elsewhere": (Site(ROOT_CERTIFICATE, redirect("https://www.contoso.com/")), "0x80004005"),
    "a redirect to plain http": (Site(ROOT_CERTIFICATE, redirect(URL.replace("https", "http"))), "0x80004005"),
    "a redirect to itself": (
        Site(ROOT_CERTIFICATE, redirect(f"https://{DOMAIN}/autodiscover/autodiscover.xml")),
        "0x80004005",
    ),
    "403": (Site(ROOT_CERTIFICATE, status(403)), "0x80004005"),
    "404": (Site(ROOT_CERTIFICATE, status(404)), "0x80070057"),
    "500": (Site(ROOT_CERTIFICATE, status(500)), "0x80070057"),
    "busy": (Site(ROOT_CERTIFICATE, BUSY), "0x80070057"),
    "401 without a method": (Site(ROOT_CERTIFICATE, NO_METHOD), "0x80004005"),
    "closed after the request": (Site(ROOT_CERTIFICATE, HttpAnswer("GET", Exchange.CLOSED)), "0x80072EFE"),
    "reset after the request": (Site(ROOT_CERTIFICATE, HttpAnswer("GET", Exchange.RESET)), "0x80072EFE"),
    "no HTTP": (Site(ROOT_CERTIFICATE, HttpAnswer("GET", Exchange.MALFORMED)), "0x80072EFE"),
    "silent after the request": (Site(ROOT_CERTIFICATE, HttpAnswer("GET", Exchange.SILENT)), "0x80072EE2"),
}


@pytest.mark.parametrize("client", SEEN)
@pytest.mark.parametrize("case", GO_ON)
def test_what_is_no_service_lets_every_client_go_on(case: str, client: ClientName) -> None:
    site, code = GO_ON[case]
    walk = walked(healthy("host").site(APEX, site), client)
    assert course(walk, Step.ROOT) == [("next", code)]
    assert (walk.outcome, walk.at) == (Outcome.CONFIGURED, Step.AUTODISCOVER)


WARN = {
    "the name is missing": (Site(certificate("www.contoso.com"), PAGE), "0x80072F06"),
    "the name stands in the common name alone": (Site(certificate(common_name=DOMAIN), PAGE), "0x80072F06"),
    "expired": (Site(certificate(DOMAIN, days=-3), PAGE), "0x80072F05"),
    "not yet valid": (Site(certificate(DOMAIN, days=95), PAGE), "0x80072F05"),
    "self-signed": (Site(ROOT_CERTIFICATE, PAGE, (VerifyError(18, 0),)), "0x80072F0D"),
    "an intermediate is missing": (
        Site(replace(ROOT_CERTIFICATE, issuer_urls=("http://ca.example/",)), PAGE, (VerifyError(20, 0),)),
        "0x80072F0D",
    ),
    "an unknown authority": (Site(ROOT_CERTIFICATE, PAGE, (VerifyError(19, 1),)), "0x80072F0D"),
    "revoked": (Site(ROOT_CERTIFICATE, PAGE, (VerifyError(23, 0),)), "0x80072F8A"),
    "another fault of the chain": (Site(ROOT_CERTIFICATE, PAGE, (VerifyError(26, 0),)), "0x80072F17"),
    "name and date": (Site(certificate("www.contoso.com", days=-3), PAGE), "0x80072F06"),
    "unreadable": (Site(UnreadableCertificate("00" * 32, "bad DER"), PAGE), "0x80072F89"),
}


@pytest.mark.parametrize("client", OUTLOOKS)
@pytest.mark.parametrize("case", WARN)
def test_a_certificate_that_is_no_good_stops_outlook_with_a_warning(case: str, client: ClientName) -> None:
    site, code = WARN[case]
    walk = walked(healthy("host").site(APEX, site), client)
    assert course(walk, Step.ROOT) == [("warned", code)]
    assert (walk.outcome, walk.at) == (Outcome.WARNED, Step.ROOT)


@pytest.mark.parametrize("client", LIBRARIES)
@pytest.mark.parametrize("case", WARN)
def test_a_certificate_that_is_no_good_lets_a_library_silently_go_on(case: str, client: ClientName) -> None:
    site, code = WARN[case]
    walk = walked(healthy("host").site(APEX, site), client)
    assert course(walk, Step.ROOT) == [("next", code)]
    assert (walk.outcome, walk.at) == (Outcome.CONFIGURED, Step.AUTODISCOVER)


UNSEEN = {
    "cut short while connecting": Site(ROOT_CERTIFICATE, https=Connect.CUT_SHORT),
    "cut short in the handshake": Site(ROOT_CERTIFICATE, handshake=Handshake.CUT_SHORT),
    "cut short after the request": Site(ROOT_CERTIFICATE, HttpAnswer("GET", Exchange.CUT_SHORT)),
    "no such family here": Site(ROOT_CERTIFICATE, https=Connect.NO_FAMILY),
}


@pytest.mark.parametrize("client", SEEN)
@pytest.mark.parametrize("case", UNSEEN)
def test_what_was_not_seen_makes_a_good_end_unknown(case: str, client: ClientName) -> None:
    walk = walked(healthy("host").site(APEX, UNSEEN[case]), client)
    assert course(walk, Step.ROOT) == [("unseen", "")]
    assert walk.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("client", OUTLOOKS)
@pytest.mark.parametrize("case", UNSEEN)
def test_what_was_not_seen_leaves_a_bad_end_bad(case: str, client: ClientName) -> None:
    world = healthy("host").site(APEX, UNSEEN[case]).site(SERVER, Site(HOSTER, PAGE))
    assert walked(world, client).outcome is Outcome.WARNED


ENDS = {
    ("srv", Step.SRV): (Outcome.ASKS_CONSENT, Outcome.CONFIGURED),
    ("host", Step.AUTODISCOVER): (Outcome.CONFIGURED, Outcome.CONFIGURED),
    ("redirect", Step.REDIRECT): (Outcome.ASKS_CONSENT, Outcome.CONFIGURED),
    ("exchange-online", Step.AUTODISCOVER): (Outcome.CONFIGURED, Outcome.CONFIGURED),
}


@pytest.mark.parametrize(
    ("method", "step", "client"),
    [(*end, client) for end in ENDS for client in SEEN if (end[0], client) != ("srv", ClientName.OUTLOOK_2007)],
)
def test_a_healthy_method_serves_every_client_at_its_step(method: str, step: Step, client: ClientName) -> None:
    walk = walked(healthy(method), client)
    outlook, library = ENDS[method, step]
    assert (walk.outcome, walk.at) == (library if client in LIBRARIES else outlook, step)
    assert walk.steps[-1].code == "0x00000000"


@pytest.mark.parametrize("answer", [EXCHANGE, SETTINGS, PASSWORD])
@pytest.mark.parametrize("method", ["srv", "host"])
def test_our_own_server_may_answer_in_any_way_that_serves(method: str, answer: HttpAnswer) -> None:
    site = Site(MULTI if method == "host" else SINGLE, answer)
    walks = verdict(healthy(method).site(SERVER, site)).walks
    assert {walk.outcome.good for walk in walks if walk.judged} == {True}


@pytest.mark.parametrize("client", list(ClientName))
def test_the_steps_of_a_walk_stand_in_the_clients_order(client: ClientName) -> None:
    profile = next(item for item in CLIENTS if item.name is client)
    steps = [item.step for item in walked(healthy("srv"), client).steps]
    assert steps == sorted(steps, key=profile.steps.index)


def test_the_first_outlook_2007_knows_no_srv_record() -> None:
    walk = walked(healthy("srv"), ClientName.OUTLOOK_2007)
    assert (walk.outcome, walk.at) == (Outcome.NOTHING, None)
    assert not course(walk, Step.SRV)


V6 = "2001:db8::10"


def ipv6_only() -> World:
    world = healthy("host").zone(lambda zone: zone.without(AUTODISCOVER).with_(AUTODISCOVER, AAAA, V6))
    return world.site(V6, Site(MULTI))


@pytest.mark.parametrize("client", SEEN)
def test_exchangelib_alone_passes_by_a_name_that_has_ipv6_addresses_only(client: ClientName) -> None:
    walk = walked(ipv6_only(), client)
    passes = client is ClientName.EXCHANGELIB
    assert walk.outcome is (Outcome.NOTHING if passes else Outcome.CONFIGURED)
    assert (course(walk, Step.AUTODISCOVER) == [("next", "")]) is passes


def test_whether_exchangelib_passes_by_is_not_known_where_ipv4_was_not_asked_for() -> None:
    walk = walked(ipv6_only().with_policy(families=(Family.IPV6,)), ClientName.EXCHANGELIB)
    assert walk.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("method", ["srv", "host", "exchange-online", "redirect", "none"])
def test_how_outlook_mobile_fares_is_never_known_and_why_is_said(method: str) -> None:
    walk = walked(healthy(method), ClientName.OUTLOOK_MOBILE)
    assert (walk.outcome, walk.at, walk.judged) == (Outcome.UNKNOWN, None, False)
    assert "Microsoft's servers" in walk.steps[0].why


def test_microsofts_own_endpoint_and_the_directory_are_shown_as_not_observed() -> None:
    walk = walked(healthy("host"), ClientName.OUTLOOK_2016)
    assert [(item.step, item.outcome) for item in walk.steps[:2]] == [(Step.OFFICE365, "unseen"), (Step.SCP, "unseen")]
    assert walk.outcome is Outcome.CONFIGURED


@pytest.mark.parametrize("client", [client for client in SEEN if client is not ClientName.OUTLOOK_2007])
def test_only_libraries_mind_the_port_of_an_srv_record(client: ClientName) -> None:
    walk = walked(incidents.row_18("srv"), client)
    assert walk.outcome is (Outcome.NOTHING if client in LIBRARIES else Outcome.ASKS_CONSENT)
    assert (walk.steps[-1].why == "port 8443 is not 443") is (client in LIBRARIES)


@pytest.mark.parametrize("client", SEEN)
def test_the_worst_of_several_addresses_counts(client: ClientName) -> None:
    world = healthy("host").zone(lambda zone: zone.with_(AUTODISCOVER, A, SERVER, "203.0.113.11"))
    walk = walked(world.site("203.0.113.11", Site(HOSTER, PAGE)), client)
    assert walk.outcome is (Outcome.NOTHING if client in LIBRARIES else Outcome.WARNED)


@pytest.mark.parametrize("client", SEEN)
def test_a_dead_address_beside_a_living_one_hits_nobody(client: ClientName) -> None:
    world = healthy("host").zone(lambda zone: zone.with_(AUTODISCOVER, A, SERVER, "203.0.113.11"))
    assert walked(world, client).outcome is Outcome.CONFIGURED


def several_targets(*records: Srv) -> World:
    """An SRV record whose second target is a stranger."""
    world = with_srv("srv", *records).zone(lambda zone: zone.with_("remote2.contoso.com", A, "203.0.113.12"))
    return world.site("203.0.113.12", Site(HOSTER, PAGE))


EARLIER, LATER = Srv(0, 0, 443, REMOTE), Srv(10, 0, 443, "remote2.contoso.com")
TAKEN = {
    ("later", ClientName.OUTLOOK_2016): Outcome.WARNED,
    ("later", ClientName.EWS): Outcome.CONFIGURED,
    ("later", ClientName.EXCHANGELIB): Outcome.NOTHING,
    ("earlier", ClientName.OUTLOOK_2016): Outcome.WARNED,
    ("earlier", ClientName.EWS): Outcome.NOTHING,
    ("earlier", ClientName.EXCHANGELIB): Outcome.CONFIGURED,
    ("equal", ClientName.OUTLOOK_2016): Outcome.WARNED,
    ("equal", ClientName.EWS): Outcome.NOTHING,
    ("equal", ClientName.EXCHANGELIB): Outcome.NOTHING,
}
RECORDS = {
    "later": (EARLIER, LATER),
    "earlier": (replace(EARLIER, priority=20), LATER),
    "equal": (replace(EARLIER, priority=10), LATER),
}


@pytest.mark.parametrize(("stranger", "client"), TAKEN)
def test_of_several_srv_targets_each_client_takes_its_own_and_the_worst_of_those_counts(
    stranger: str, client: ClientName
) -> None:
    assert walked(several_targets(*RECORDS[stranger]), client).outcome is TAKEN[stranger, client]


@pytest.mark.parametrize("client", LIBRARIES)
def test_a_library_takes_another_record_in_place_of_one_with_a_port_that_it_does_not_use(client: ClientName) -> None:
    for other in (0, 20):
        walk = walked(several_targets(EARLIER, Srv(other, 0, 8443, "remote2.contoso.com")), client)
        assert (walk.outcome, walk.steps[-1].candidate) == (Outcome.CONFIGURED, URL)


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [(DnsStatus.NODATA, Outcome.NOTHING), (DnsStatus.TIMEOUT, Outcome.UNKNOWN), (DnsStatus.SERVFAIL, Outcome.UNKNOWN)],
)
def test_an_srv_lookup_that_failed_is_no_missing_record(failure: DnsStatus, outcome: Outcome) -> None:
    world = healthy("srv").zone(lambda zone: replace(zone, failing={SRV_NAME: failure}))
    walk = walked(world, ClientName.EWS)
    assert walk.outcome is outcome
    code = "0x8004010F" if failure.conclusive else ""
    assert course(walk, Step.SRV) == [("next" if failure.conclusive else "unseen", code)]


def test_a_name_without_an_address_is_told_with_its_code() -> None:
    assert course(walked(healthy("srv"), ClientName.EWS), Step.AUTODISCOVER) == [("next", "0x80072EE7")]


def test_a_name_that_could_not_be_looked_up_is_unseen() -> None:
    world = healthy("srv").zone(lambda zone: replace(zone, failing={DOMAIN: DnsStatus.TIMEOUT}))
    assert course(walked(world, ClientName.EWS), Step.ROOT) == [("unseen", "")]


@pytest.mark.parametrize("step", [step for step in Step if step is not Step.SRV])
def test_a_skipped_step_is_told_as_such_and_not_walked(step: Step) -> None:
    walk = walked(healthy("srv").with_policy(skip_steps=(step,)), ClientName.OUTLOOK_2016)
    assert course(walk, step) == [("skipped", "")]
    assert (walk.outcome, walk.at) == (Outcome.ASKS_CONSENT, Step.SRV)


def test_a_redirect_is_followed_and_told() -> None:
    walk = walked(healthy("redirect"), ClientName.EWS)
    assert course(walk, Step.REDIRECT) == [("follows", ""), ("configured", "0x00000000")]


def test_a_redirect_to_a_dead_host_lets_clients_go_on() -> None:
    walk = walked(healthy("redirect").site(SERVER, Site()), ClientName.EWS)
    assert course(walk, Step.REDIRECT) == [("follows", ""), ("next", "0x80072EFD")]
    assert walk.outcome is Outcome.NOTHING


def test_settings_over_plain_http_serve_nobody() -> None:
    world = healthy("redirect").site(REDIRECT_HOST, Site(http=Connect.CONNECTED, http_answer=SETTINGS))
    assert walked(world, ClientName.EWS).outcome is Outcome.NOTHING


CLOUDS = [("exchange-online", Outcome.CONFIGURED), ("host", Outcome.WRONG_LOGIN)]


@pytest.mark.parametrize(("method", "outcome"), CLOUDS)
def test_a_cloud_alias_ends_the_walk_unseen(method: str, outcome: Outcome) -> None:
    walk = walked(incidents.row_36(method), ClientName.EWS)
    assert (walk.outcome, walk.at) == (outcome, Step.AUTODISCOVER)
    assert CLOUD in walk.steps[-1].why


STRANGERS = {
    ("srv", EXCHANGE): Outcome.CONFIGURED,
    ("srv", PASSWORD): Outcome.WRONG_LOGIN,
    ("srv", SETTINGS): Outcome.WRONG_SETTINGS,
    ("host", EXCHANGE): Outcome.CONFIGURED,
    ("host", PASSWORD): Outcome.WRONG_LOGIN,
    ("host", SETTINGS): Outcome.WRONG_SETTINGS,
    ("redirect", PASSWORD): Outcome.WRONG_LOGIN,
    ("redirect", SETTINGS): Outcome.WRONG_SETTINGS,
    ("exchange-online", EXCHANGE): Outcome.WRONG_LOGIN,
    ("exchange-online", PASSWORD): Outcome.WRONG_LOGIN,
    ("exchange-online", SETTINGS): Outcome.WRONG_SETTINGS,
    ("none", PASSWORD): Outcome.WRONG_LOGIN,
}


@pytest.mark.parametrize(("method", "answer"), STRANGERS, ids=lambda value: str(value)[:40])
def test_who_is_a_stranger_at_the_root_depends_on_the_method(method: str, answer: HttpAnswer) -> None:
    walk = walked(healthy(method).site(APEX, Site(ROOT_CERTIFICATE, answer)), ClientName.EWS)
    assert (walk.outcome, walk.at) == (STRANGERS[method, answer], Step.ROOT)


def test_a_host_that_shares_the_servers_key_is_no_stranger() -> None:
    site = Site(certificate(DOMAIN, key=SINGLE.public_key), PASSWORD)
    assert walked(healthy("srv").site(APEX, site), ClientName.EWS).outcome is Outcome.CONFIGURED


def test_an_address_of_the_server_is_no_stranger() -> None:
    world = healthy("srv").zone(lambda zone: zone.with_(DOMAIN, A, SERVER))
    world = world.site(SERVER, Site(certificate(DOMAIN, REMOTE), PASSWORD))
    assert walked(world, ClientName.EWS).outcome is Outcome.CONFIGURED


def test_with_a_server_named_the_intended_endpoint_of_another_host_is_a_stranger() -> None:
    world = incidents.row_13("host")
    assert walked(world, ClientName.EWS).outcome is Outcome.WRONG_LOGIN
    assert walked(world.with_policy(servers=()), ClientName.EWS).outcome is Outcome.CONFIGURED


def test_every_answer_has_a_reaction_and_every_outcome_a_rank() -> None:
    assert set(ANSWERS) == set(AnswerClass)
    assert set(OUTCOMES) == set(Outcome)


def test_outcomes_are_good_bad_or_unknown_and_never_two_of_them() -> None:
    assert {item for item in Outcome if not item.good and not item.bad} == {Outcome.UNKNOWN}
    assert not {item for item in Outcome if item.good and item.bad}


def test_no_method_means_that_exchange_anywhere_serves() -> None:
    world = healthy("srv").with_policy(method=Method.AUTO, servers=())
    assert walked(world, ClientName.EWS).outcome is Outcome.CONFIGURED


def test_an_srv_record_is_followed_to_its_own_name() -> None:
    world = healthy("srv").zone(lambda zone: zone.with_(SRV_NAME, SRV, Srv(0, 0, 443, REMOTE)))
    assert walked(world, ClientName.EWS).steps[-1].candidate == URL


def test_a_walk_looks_at_each_candidate_once_however_many_addresses_there_are() -> None:
    many = tuple(f"10.1.0.{number}" for number in range(1, 17))
    world = healthy("host").zone(lambda zone: zone.with_(DOMAIN, A, *many).with_(AUTODISCOVER, A, *many))
    for address in many:
        world = world.site(address, Site(certificate(DOMAIN, AUTODISCOVER), PAGE, http=Connect.CONNECTED))
    survey = survey_of(world)
    scene = observe(survey, survey.policy.views[0], survey.ended, {})
    looked: list[str] = []

    def meet(candidate: Candidate) -> tuple[EndpointState, ...]:
        looked.append(candidate.url)
        return scene.met[candidate]

    walk(Walker(CLIENTS[0], scene.candidates, scene.srv.presence, meet, lambda _: False), "inside", judged=True)
    assert sorted(looked) == sorted({item.url for item in scene.candidates if item.step is not None})


@dataclass(frozen=True)
class TwoPorts(Site):
    """A machine on which something else listens at port 8443."""

    beyond: Site = field(default_factory=Site)

    def contact(self, question: EndpointQuestion) -> Contact:
        return self.beyond.contact(question) if question.port == 8443 else super().contact(question)


def test_of_two_redirects_to_one_host_each_is_followed_to_its_own_port() -> None:
    second = "203.0.113.78"
    further = redirect(URL.replace(REMOTE, f"{REMOTE}:8443"))
    world = healthy("redirect").zone(lambda zone: zone.with_(AUTODISCOVER, A, REDIRECT_HOST, second))
    world = world.site(second, Site(http=Connect.CONNECTED, http_answer=further))
    walk = walked(world.site(SERVER, TwoPorts(SINGLE, beyond=Site(HOSTER, PAGE))), ClientName.OUTLOOK_2016)
    assert walk.outcome is Outcome.WARNED
