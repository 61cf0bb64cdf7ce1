"""Rules about certificates: names, chains, dates, pins, and what the addresses of one name present."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from check_autodiscover.core.model.certificate import Certificate, Revocation, Staple, UnreadableCertificate
from check_autodiscover.core.model.observations import Connect, Srv, VerifyError
from check_autodiscover.core.model.policy import Expectations, Expected, LifeLeft, Method, Thresholds
from tests.core import incidents
from tests.core.incidents import AAAA, HOSTER, MAIL, MULTI, REMOTE, SINGLE, SRV, URL, A, healthy
from tests.core.judging import Told, assert_told, rules_of, verdict
from tests.core.worlds import (
    APEX,
    AUTODISCOVER,
    DAY,
    DOMAIN,
    FOREIGN,
    NOW,
    PAGE,
    SERVER,
    SRV_NAME,
    Site,
    World,
    certificate,
    redirect,
    status,
)

NM, CO = "certificate-name-mismatch", "certificate-common-name-only"
CX, NV, SELF = "certificate-expired", "certificate-not-yet-valid", "certificate-self-signed"
CI, CU = "certificate-chain-incomplete", "certificate-untrusted"
CF, PIN, CD = "certificate-foreign", "certificate-unexpected", "certificate-addresses-differ"
CE, UR, WEAK = "certificate-expiring", "certificate-unreadable", "certificate-weak"
RV = "certificate-revoked"
UNREADABLE = UnreadableCertificate("00" * 32, "bad DER")
SECOND = "203.0.113.11"
V6 = "2001:db8::10"


def day(days: float) -> str:
    """The UTC day that many days after the survey."""
    return datetime.fromtimestamp(NOW + days * DAY, UTC).strftime("%Y-%m-%d")


def presenting(leaf: Certificate | UnreadableCertificate, *codes: int, method: str = "srv", **more: Any) -> World:
    """The healthy world with another certificate at the server, about which OpenSSL has complaints."""
    errors = tuple(VerifyError(code, 0) for code in codes)
    return healthy(method).site(SERVER, Site(leaf, errors=errors, **more))


def pair(first: Certificate, second: Certificate | UnreadableCertificate) -> World:
    """Two addresses of the server, each with a certificate of its own."""
    world = healthy("srv").zone(lambda zone: zone.with_(REMOTE, A, SERVER, SECOND))
    return world.site(SERVER, Site(first)).site(SECOND, Site(second))


def pinned(**pins: tuple[str, ...]) -> World:
    return healthy("srv").with_policy(expect=Expectations(**pins))  # type: ignore[arg-type]  # this row has a world for srv


def issuer(days: float) -> Certificate:
    """An authority that has some days left."""
    return certificate(common_name="Example CA", days=days, issuer="Example Root")


def at(rule: str, severity: str, addresses: tuple[str, ...] = (SERVER,), **more: Any) -> Told:
    """What is told at the SRV record's target."""
    return Told(rule, severity, "srv", REMOTE, addresses, **more)


def root(rule: str, severity: str, **more: Any) -> Told:
    return Told(rule, severity, "root", DOMAIN, (APEX,), **more)


def stapled(*, ends: float | None = DAY, fault: str = "", status: Revocation = Revocation.REVOKED) -> World:
    """The server's OCSP answer of an hour ago: revoked two days ago, unless it is said otherwise."""
    ends_at = None if ends is None else int(NOW + ends)
    staple = Staple(status, int(NOW - 3600), ends_at, int(NOW - 2 * DAY), "keyCompromise", fault)
    return healthy("srv").site(SERVER, Site(SINGLE, staple=staple))


LACKING = certificate("www.contoso.com", key=SINGLE.public_key)
AIA = replace(SINGLE, issuer_urls=("http://ca.example/ca.cer",))
LINE_UP = Thresholds(LifeLeft(seconds=20 * DAY), LifeLeft(seconds=10 * DAY))

RAISED = {
    "the name is missing, by our own server": (
        presenting(LACKING),
        at(
            NM,
            "CRITICAL",
            args={
                "names": "www.contoso.com",
                "near": "",
                "host": SERVER,
                "advice": f"Reissue the certificate of {SERVER} with {REMOTE} as a subject alternative name, or let "
                "the SRV record lead to a name that it has: "
                "_autodiscover._tcp.contoso.com. 3600 IN SRV 0 0 443 www.contoso.com.",
            },
        ),
    ),
    "the name is misspelt": (
        presenting(certificate("remtoe.contoso.com")),
        at(NM, "CRITICAL", args={"near": "remtoe.contoso.com"}),
    ),
    "three names and more are cut": (
        presenting(certificate("a.example", "b.example", "c.example", "d.example")),
        at(NM, "CRITICAL", args={"names": "a.example, b.example and 2 more"}),
    ),
    "a host record beside a single name": (
        incidents.row_2("host"),
        Told(
            NM,
            "CRITICAL",
            "autodiscover",
            AUTODISCOVER,
            (SERVER,),
            args={
                "host": REMOTE,
                "names": REMOTE,
                "advice": f"Reissue the certificate of {REMOTE} with {AUTODISCOVER} as a subject alternative name.",
            },
        ),
    ),
    "a web site lacks the domain": (
        incidents.row_22("srv"),
        root(
            NM,
            "CRITICAL",
            args={"advice": f"Add {DOMAIN} to the web site's certificate, or close port 443 at {APEX}."},
        ),
    ),
    "a web site lacks the domain, under exchange-online": (incidents.row_22("exchange-online"), root(NM, "WARNING")),
    "a web site lacks the domain, without Autodiscover": (incidents.row_22("none"), root(NM, "OK")),
    "a web site that no client minds": (
        incidents.row_22("srv").with_policy(clients=(healthy("srv").policy.clients[-1],)),
        root(NM, "OK"),
    ),
    "after the intended endpoint": (incidents.row_17("host"), Told(NM, "OK", "srv", "exchange.contoso.com", (SERVER,))),
    "at a server that no client meets": (
        healthy("host")
        .with_policy(servers=(MAIL, "owa.contoso.com"))
        .zone(lambda zone: zone.with_("owa.contoso.com", A, SERVER)),
        Told(NM, "OK", "server", "owa.contoso.com", (SERVER,)),
    ),
    "at one of two addresses": (
        incidents.row_14("srv"),
        at(NM, "CRITICAL", (FOREIGN,), args={"names": "*.hoster.example"}),
    ),
    "the redirecting host presents a wrong name": (
        incidents.row_38("redirect"),
        Told(NM, "CRITICAL", "autodiscover", AUTODISCOVER, (incidents.REDIRECT_HOST,)),
    ),
    "the name stands in the common name alone": (
        presenting(certificate(common_name=REMOTE)),
        at(CO, "CRITICAL", args={"where": SERVER}),
    ),
    "expired": (
        presenting(certificate(REMOTE, days=-3)),
        at(CX, "CRITICAL", args={"days": "2", "date": day(-3), "above": ""}),
    ),
    "expired, and nobody minds": (
        presenting(certificate(REMOTE, days=-3)).with_policy(clients=()),
        at(CX, "WARNING"),
    ),
    "an expired issuer": (
        healthy("srv").site(SERVER, Site(SINGLE, errors=(VerifyError(10, 1),), above=(issuer(-9),))),
        at(CX, "CRITICAL", args={"days": "8", "date": day(-9), "above": "Example CA"}),
    ),
    "an expired root that the server does not send": (
        presenting(SINGLE).site(SERVER, Site(SINGLE, errors=(VerifyError(10, 1),))),
        at(CX, "CRITICAL", args={"days": "", "date": "", "above": "Example CA"}),
    ),
    "not yet valid": (
        presenting(certificate(REMOTE, days=95)),
        at(NV, "CRITICAL", args={"date": day(5)}),
    ),
    "self-signed": (presenting(SINGLE, 18), at(SELF, "CRITICAL", args={"names": REMOTE})),
    "an intermediate is missing": (presenting(AIA, 20, 21), at(CI, "CRITICAL", args={"issuer": "Example CA"})),
    "an unknown authority": (presenting(SINGLE, 20, 21), at(CU, "CRITICAL", args={"issuer": "Example CA"})),
    "a private root": (presenting(SINGLE, 19), at(CU, "CRITICAL")),
    "another fault of the chain": (presenting(SINGLE, 26), at(CU, "CRITICAL")),
    "revoked, and the server says so itself": (
        stapled(),
        at(RV, "CRITICAL", args={"date": day(-2), "reason": "key compromise"}),
    ),
    "revoked, by an answer that names no end": (stapled(ends=None), at(RV, "CRITICAL")),
    "another machine": (
        incidents.row_12("host"),
        Told(
            CF,
            "CRITICAL",
            "autodiscover",
            AUTODISCOVER,
            (FOREIGN,),
            cause="dns-address-unexpected",
            args={"host": FOREIGN, "names": "*.hoster.example", "server": MAIL},
        ),
    ),
    "another machine behind a name that fits nobody": (
        incidents.row_14("srv"),
        at(CF, "CRITICAL", (FOREIGN,), cause=NM),
    ),
    "another fingerprint": (
        pinned(certificates=("ab" * 32,)),
        at(PIN, "CRITICAL", args={"what": "the fingerprint", "found": SINGLE.fingerprint, "issuer": ""}),
    ),
    "another key": (
        pinned(public_keys=("ab" * 32, "cd" * 32)),
        at(PIN, "CRITICAL", args={"what": "the public key", "found": SINGLE.public_key}),
    ),
    "another issuer": (
        pinned(issuers=("Other CA",)),
        at(PIN, "WARNING", args={"what": "the issuer", "found": "Example CA", "issuer": "yes"}),
    ),
    "an unexpected certificate of another machine": (
        incidents.row_14("srv").with_policy(expect=Expectations(public_keys=(SINGLE.public_key,))),  # type: ignore[union-attr]  # this row has a world for srv
        at(PIN, "CRITICAL", (FOREIGN,), cause=NM),
    ),
    "an unexpected certificate that has expired stands beside": (
        presenting(certificate(REMOTE, days=-3)).with_policy(expect=Expectations(certificates=("ab" * 32,))),
        at(PIN, "CRITICAL"),
    ),
    "two certificates of one kind": (
        pair(SINGLE, certificate(REMOTE, key="another")),
        at(CD, "OK", (SERVER, SECOND), args={"kinds": "", "odd": SECOND, "usual": SERVER, "differ": "another key"}),
    ),
    "two certificates of two issuers": (
        pair(SINGLE, certificate(REMOTE, issuer="Other CA")),
        at(
            CD,
            "WARNING",
            (SERVER, SECOND),
            args={"kinds": "yes", "odd": SECOND, "differ": "issued by Other CA, not Example CA"},
        ),
    ),
    "one that was forgotten at the renewal": (
        pair(certificate(REMOTE, days=50), SINGLE),
        at(CD, "OK", (SERVER, SECOND), args={"odd": SERVER, "differ": f"until {day(50)}, not {day(61)}"}),
    ),
    "one of three addresses is the odd one": (
        pair(SINGLE, certificate(REMOTE, days=80))
        .zone(lambda zone: zone.with_(REMOTE, A, SERVER, SECOND, "203.0.113.12"))
        .site("203.0.113.12", Site(SINGLE)),
        at(
            CD,
            "OK",
            (SERVER, SECOND, "203.0.113.12"),
            args={
                "odd": SECOND,
                "usual": f"{SERVER} and 203.0.113.12",
                "differ": f"until {day(80)}, not {day(61)}",
            },
        ),
    ),
    "two certificates of two kinds": (
        pair(SINGLE, certificate("*.contoso.com")),
        at(CD, "WARNING", (SERVER, SECOND), args={"kinds": "yes", "differ": f"*.contoso.com, not {REMOTE}"}),
    ),
    "two certificates, one of which is a fault": (
        incidents.row_14("srv"),
        at(CD, "WARNING", (FOREIGN, SERVER), cause=NM),
    ),
    "little life left": (
        presenting(certificate(REMOTE, days=20)),
        at(CE, "WARNING", args={"days": "20", "date": day(20), "critical": ""}),
    ),
    "hardly any life left": (
        presenting(certificate(REMOTE, days=5)),
        at(CE, "CRITICAL", args={"days": "5", "critical": "yes"}),
    ),
    "the shorter of two": (
        pair(certificate(REMOTE, days=20), certificate(REMOTE, days=5)),
        at(CE, "CRITICAL", (SERVER, SECOND), args={"days": "5"}),
    ),
    "another machine's life": (
        incidents.row_14("srv").site(FOREIGN, Site(certificate("*.hoster.example", days=5), PAGE)),  # type: ignore[union-attr]  # this row has a world for srv
        at(CE, "CRITICAL", (FOREIGN,), cause=NM),
    ),
    "a short key": (
        presenting(replace(SINGLE, key_type="RSA", key_bits=1024)),
        at(WEAK, "WARNING", args={"where": SERVER}),
    ),
    "a short key of another machine": (
        incidents.row_14("srv").site(FOREIGN, Site(replace(HOSTER, key_type="RSA", key_bits=512), PAGE)),  # type: ignore[union-attr]  # this row has a world for srv
        at(WEAK, "WARNING", (FOREIGN,), cause=NM),
    ),
    "no certificate at all": (
        presenting(UNREADABLE),
        at(UR, "UNKNOWN", args={"reason": "bad DER", "socket": f"{SERVER}:443"}),
    ),
    "no certificate at an IPv6 address": (
        healthy("srv").zone(lambda zone: zone.with_(REMOTE, AAAA, V6)).site(V6, Site(UNREADABLE)),
        at(UR, "UNKNOWN", (V6,), args={"socket": f"[{V6}]:443"}),
    ),
    "what it makes of clients is its consequence": (
        presenting(UNREADABLE),
        Told("client-warned", "UNKNOWN", "srv", DOMAIN, cause=UR),
    ),
}


@pytest.mark.parametrize("case", RAISED)
def test_each_fault_of_a_certificate_is_told_with_its_facts(case: str) -> None:
    world, told = RAISED[case]
    assert world is not None
    assert_told(world, told)


CLOUDY = healthy("exchange-online")
SILENT = {
    NM: {
        "the name is in it": healthy("srv"),
        "a wildcard": presenting(certificate("*.contoso.com")),
        "the name stands in the common name": presenting(certificate(common_name=REMOTE)),
        "plain HTTP": healthy("redirect"),
        "Microsoft's": CLOUDY.site("52.97.0.1", Site(HOSTER)),
        "nothing could be read": presenting(UNREADABLE),
    },
    CO: {
        "a common name beside others": presenting(replace(LACKING, common_name=REMOTE)),
        "not where nothing is contacted": CLOUDY,
    },
    CX: {"in date": healthy("srv"), "after the intended endpoint": healthy("srv"), "Microsoft's": CLOUDY},
    NV: {"in date": healthy("srv"), "Microsoft's": CLOUDY},
    SELF: {"trusted": healthy("srv"), "Microsoft's": CLOUDY},
    CI: {"trusted": healthy("srv"), "Microsoft's": CLOUDY},
    CU: {"trusted": healthy("srv"), "weak keys do not stop clients": presenting(SINGLE, 66), "Microsoft's": CLOUDY},
    RV: {
        "nothing is stapled": healthy("srv"),
        "the issuer says that it is good": stapled(status=Revocation.GOOD),
        "the issuer does not know it": stapled(status=Revocation.UNKNOWN),
        "a forged answer": stapled(fault="its signature is not the issuer's"),
        "a stale answer": stapled(ends=-3000),
        "Microsoft's": CLOUDY,
    },
    CF: {
        "our own": incidents.row_1("srv"),
        "it shares a name": presenting(certificate("www.contoso.com", REMOTE)),
        "the web site's": incidents.row_22("srv"),
        "no server is named": incidents.row_12("host").with_policy(servers=()),
        "the server's cannot be read": incidents.row_12("host").site(SERVER, Site(UNREADABLE)),
    },
    PIN: {
        "the fingerprint": pinned(certificates=(SINGLE.fingerprint,)),
        "one of two keys": pinned(public_keys=("ab" * 32, SINGLE.public_key)),
        "the issuer, in other letters": pinned(issuers=("EXAMPLE ca",)),
        "nothing is pinned": healthy("srv"),
        "Microsoft's": CLOUDY.with_policy(expect=Expectations(certificates=("ab" * 32,))),
        "elsewhere than at the intended endpoint": healthy("none").with_policy(
            expect=Expectations(public_keys=("ab" * 32,))
        ),
        "an issuer higher up": healthy("srv")
        .site(SERVER, Site(SINGLE, above=(issuer(900),)))
        .with_policy(expect=Expectations(issuers=("Example Root",))),
    },
    CD: {
        "one certificate": pair(SINGLE, SINGLE),
        "one address": healthy("srv"),
        "the web site's": healthy("srv")
        .zone(lambda zone: zone.with_(DOMAIN, A, APEX, FOREIGN))
        .site(FOREIGN, Site(certificate(DOMAIN), PAGE)),
    },
    CE: {
        "life enough": healthy("srv"),
        "at the web site": healthy("srv").site(APEX, Site(certificate(DOMAIN, days=5), PAGE)),
        "it has expired": presenting(certificate(REMOTE, days=-3)),
        "before the intended endpoint": incidents.row_1("srv").site(SERVER, Site(SINGLE)),
    },
    WEAK: {
        "strong": healthy("srv"),
        "at the web site": healthy("srv").site(APEX, Site(replace(certificate(DOMAIN), signature_hash="sha1"), PAGE)),
    },
    UR: {"readable": healthy("srv"), "at the web site": healthy("srv").site(APEX, Site(UNREADABLE, PAGE))},
}


@pytest.mark.parametrize(("rule", "case"), [(rule, case) for rule, cases in SILENT.items() for case in cases])
def test_nothing_is_told_where_a_rule_of_certificates_does_not_hold(rule: str, case: str) -> None:
    assert rule not in rules_of(verdict(SILENT[rule][case]))


@pytest.mark.parametrize(
    ("lifetime", "days", "severity"),
    [
        (90, 23, None),
        (90, 22, "WARNING"),
        (90, 14, "WARNING"),
        (90, 13, "CRITICAL"),
        (398, 30, None),
        (398, 29, "WARNING"),
        (398, 14, "WARNING"),
        (398, 13, "CRITICAL"),
        (6, 2, None),
        (6, 1, "WARNING"),
        (6, 0.5, "CRITICAL"),
    ],
)
def test_the_smaller_of_days_and_share_is_the_threshold(lifetime: int, days: float, severity: str | None) -> None:
    leaf = replace(certificate(REMOTE, days=days), not_before=int(NOW + (days - lifetime) * DAY))
    report = verdict(presenting(leaf))
    told = [item.severity.value for item in report.roots if item.finding.rule == CE]
    assert told == ([severity] * 2 if severity else [])


@pytest.mark.parametrize(("days", "severity"), [(21, None), (19, "WARNING"), (9, "CRITICAL")])
def test_declared_thresholds_win(days: int, severity: str | None) -> None:
    report = verdict(presenting(certificate(REMOTE, days=days)).with_policy(thresholds=LINE_UP))
    told = [item.severity.value for item in report.roots if item.finding.rule == CE]
    assert told == ([severity] * 2 if severity else [])


def test_a_redirector_that_listens_on_443_is_closed_there_and_covers_its_own_hosts() -> None:
    """A wildcard that covers the reference host is no stranger's, and the record that leads there is meant."""
    world = healthy("redirect")
    world = world.with_policy(servers=("exchange.hoster.example",))
    world = world.zone(lambda zone: zone.with_("exchange.hoster.example", A, SERVER))
    world = world.site(SERVER, Site(certificate("exchange.hoster.example", REMOTE)))
    site = replace(world.sites[incidents.REDIRECT_HOST], certificate=certificate("*.hoster.example"), answer=PAGE)
    report = verdict(world.site(incidents.REDIRECT_HOST, site))
    assert CF not in rules_of(report)
    lacking = next(item for item in report.judgements if item.finding.rule == NM)
    assert lacking.remedy.startswith(f"Close port 443 at {incidents.REDIRECT_HOST}, which is there to redirect")


def test_what_is_wrong_above_the_certificate_is_mended_there() -> None:
    report = verdict(healthy("srv").site(SERVER, Site(SINGLE, errors=(VerifyError(10, 1),))))
    assert "is issued by Example CA, whose own expired: " in report.roots[0].message
    assert report.roots[0].remedy.startswith("Replace the certificate of Example CA, not that of remote.contoso.com")


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (26, "Reissue the certificate of remote.contoso.com with Server Authentication as extended key usage."),
        (47, "Reissue the certificate of remote.contoso.com from an authority that may issue for this name."),
        (34, "Reissue the certificate of remote.contoso.com without the extension that clients do not know."),
    ],
)
def test_a_link_that_is_refused_is_not_mended_by_trusting_more(code: int, remedy: str) -> None:
    assert verdict(presenting(SINGLE, code)).roots[0].remedy == remedy


def test_an_issuer_that_is_none_is_named_before_what_it_may_not_do() -> None:
    errors = (VerifyError(26, 1), VerifyError(79, 1))
    report = verdict(healthy("srv").site(SERVER, Site(SINGLE, errors=errors)))
    assert "it was issued by a certificate that is no authority" in report.roots[0].message


def test_a_mismatch_swallows_the_other_faults_of_the_certificate() -> None:
    leaf = certificate("www.contoso.com", days=-3)
    report = verdict(presenting(leaf, 18))
    causes = {item.finding.rule: item.caused_by for item in report.judgements}
    assert causes[NM] is None
    assert None not in {causes[CX], causes[SELF]}


def test_an_expired_certificate_is_the_root_of_its_broken_chain() -> None:
    report = verdict(presenting(certificate(REMOTE, days=-3), 18))
    roots = {item.finding.rule for item in report.roots}
    assert CX in roots
    assert SELF not in roots


def test_a_stranger_among_the_servers_addresses_is_no_reference_for_itself() -> None:
    world = healthy("srv").zone(lambda zone: zone.with_(REMOTE, A, FOREIGN)).site(FOREIGN, Site(HOSTER, PAGE))
    report = verdict(world)
    assert CF not in rules_of(report)
    assert [note for note in report.notes if "certificate-foreign was not judged" in note]


def test_a_server_that_clients_walk_to_is_told_of_once() -> None:
    report = verdict(presenting(certificate(REMOTE, days=-3)))
    told = [(item.finding.view, item.finding.endpoint.value) for item in report.judgements if item.finding.rule == CX]
    assert sorted(told) == [("inside", "srv"), ("outside", "srv")]


def test_pins_are_not_asked_of_a_redirecting_host_on_port_80() -> None:
    world = healthy("redirect").with_policy(expect=Expectations(public_keys=(SINGLE.public_key,)))
    assert PIN not in rules_of(verdict(world))


def test_a_pin_holds_for_what_a_redirect_leads_to() -> None:
    world = healthy("redirect").with_policy(expect=Expectations(public_keys=("ab" * 32,)))
    assert_told(world, Told(PIN, "CRITICAL", "redirect", REMOTE, (SERVER,)))


def test_a_certificate_far_outside_the_calendar_is_named_without_a_date() -> None:
    leaf = replace(certificate(REMOTE), not_after=10**15, not_before=10**14)
    assert_told(presenting(leaf), at(NV, "CRITICAL", args={"date": "a date outside the calendar"}))


def test_a_redirect_of_the_intended_host_is_judged_where_it_leads() -> None:
    world = healthy("host").zone(lambda zone: zone.with_(REMOTE, A, "203.0.113.12"))
    world = world.site(SERVER, Site(MULTI, redirect(URL))).site("203.0.113.12", Site(certificate("www.contoso.com")))
    assert_told(world, Told(NM, "CRITICAL", "autodiscover", REMOTE, ("203.0.113.12",)))


def test_what_is_behind_microsofts_names_is_not_judged() -> None:
    world = CLOUDY.site("52.97.0.1", Site(certificate("x.example", days=-3), status(500), https=Connect.TIMEOUT))
    report = verdict(world.with_policy(expect=Expectations(addresses=(Expected(SERVER),))))
    assert (report.state.value, rules_of(report)) == ("OK", set())


def test_the_certificate_at_an_srv_target_decides_for_auto() -> None:
    world = healthy("host").zone(lambda zone: zone.with_(SRV_NAME, SRV, Srv(0, 0, 443, MAIL)))
    report = verdict(world.with_policy(method=Method.AUTO))
    assert {choice.effective for choice in report.methods} == {Method.HOST}


@pytest.mark.parametrize(
    ("changes", "weak"),
    [
        ({"key_type": "RSA", "key_bits": 1024}, True),
        ({"signature_hash": "sha1"}, True),
        ({"key_type": "RSA", "key_bits": 2048, "signature_hash": "sha256"}, False),
        ({"key_type": "EC", "key_bits": 256}, False),
    ],
)
def test_a_weak_key_or_signature_is_a_warning_that_warns_no_client(changes: dict[str, Any], weak: bool) -> None:
    site = Site(replace(SINGLE, **changes))
    report = verdict(healthy("srv").site(SERVER, site))
    assert report.state.value == ("WARNING" if weak else "OK")
    assert ("certificate-weak" in {item.finding.rule for item in report.roots}) == weak
    assert all(walk.outcome.good for walk in report.walks if walk.judged)


@pytest.mark.parametrize(("days", "state"), [(16, "OK"), (13, "CRITICAL"), (12, "CRITICAL"), (11, "CRITICAL")])
def test_a_limit_for_critical_counts_where_that_for_warning_is_shorter_for_the_lifetime(days: int, state: str) -> None:
    """Of 47 days a quarter are less than 14 days."""
    single = certificate(REMOTE, days=days)
    short = replace(single, not_before=single.not_after - 47 * DAY)
    limits = Thresholds(LifeLeft(30 * DAY, 0.25), LifeLeft(14 * DAY))
    assert verdict(healthy("srv").site(SERVER, Site(short)).with_policy(thresholds=limits)).state.value == state


def test_a_name_that_leads_elsewhere_is_no_target_for_the_record() -> None:
    """The certificate has the root domain as well, where a web site is."""
    wide = certificate(f"*.{DOMAIN}", DOMAIN)
    deep = f"remote.mail.{DOMAIN}"
    world = healthy("srv").zone(lambda zone: zone.with_(deep, A, SERVER).with_(SRV_NAME, SRV, Srv(0, 0, 443, deep)))
    report = verdict(world.site(SERVER, Site(wide)).with_policy(servers=(deep,)))
    (advice,) = {item.finding.arg("advice") for item in report.roots if item.finding.rule == NM}
    assert "SRV" not in advice
    assert advice.startswith(f"Reissue the certificate of {SERVER} with {deep}")


def test_a_misspelling_is_looked_for_among_some_of_a_certificates_names() -> None:
    many = certificate(*(f"name{number}.example" for number in range(2000)), "autodiscver.contoso.com")
    few = certificate("name.example", "autodiscver.contoso.com")
    told = [verdict(healthy("host").site(SERVER, Site(shown))).roots[0].finding.arg("near") for shown in (few, many)]
    assert told == ["autodiscver.contoso.com", ""]
