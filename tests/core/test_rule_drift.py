"""Rules about what is otherwise than accepted, and how a fault tells what stood there before."""

from dataclasses import replace
from typing import Any

import pytest

from check_autodiscover.core.analysis.drift import unanswered
from check_autodiscover.core.model.observations import DnsStatus, RecordType, Srv
from check_autodiscover.core.model.policy import Expectations, Family, Method
from check_autodiscover.core.model.states import State
from check_autodiscover.core.model.survey import BaselineFile
from check_autodiscover.core.rules.phrases import date_of
from check_autodiscover.core.verdict.judge import assemble
from tests.core import incidents
from tests.core.incidents import AAAA, REMOTE, SRV, A, healthy, served
from tests.core.judging import BOTH, Told, assert_told, rules_of, verdict
from tests.core.worlds import (
    APEX,
    AUTODISCOVER,
    DAY,
    DOMAIN,
    FOREIGN,
    NOW,
    SERVER,
    SRV_NAME,
    Site,
    World,
    certificate,
    survey_of,
)

NS = RecordType.NS
SINCE = date_of(NOW - DAY)
SECOND = "203.0.113.12"
DELEGATION, RECORD, APPEARED, GONE = (
    "drift-delegation",
    "drift-record",
    "drift-wildcard-appeared",
    "drift-wildcard-gone",
)
LOST, REPLACED, RENEWED = (
    "drift-certificate-names-lost",
    "drift-certificate-replaced",
    "drift-certificate-renewed",
)
WALK, MISSING = "drift-walk-changed", "drift-baseline-missing"

HOST, SRV_WORLD = healthy("host"), healthy("srv")
MULTI = incidents.MULTI


def moved() -> World:
    """The server's address is another that serves as well."""
    world = HOST.zone(lambda zone: zone.with_(AUTODISCOVER, A, SECOND).with_(incidents.MAIL, A, SECOND))
    return world.site(SECOND, HOST.sites[SERVER])


def presenting(**changes: Any) -> World:
    """The server presents its certificate with these facts changed."""
    return HOST.site(SERVER, Site(replace(MULTI, public_key="new", fingerprint="11" * 32, **changes)))


def catch_all(world: World, *, tombstone: bool = True) -> World:
    """A catch-all that an own record keeps from the Autodiscover name."""
    world = world.zone(lambda zone: zone.with_(f"*.{DOMAIN}", A, FOREIGN))
    return world.zone(lambda zone: zone.with_(AUTODISCOVER, "TXT", "none")) if tombstone else world


def delegated(*servers: str) -> World:
    return served(HOST).zone(lambda zone: zone.with_(DOMAIN, NS, *servers))


def warned() -> World:
    """The web site at the root starts to warn: nothing that was accepted of a record or certificate changed."""
    return HOST.site(APEX, Site(certificate("www.contoso.com")))


def with_file(text: str, fault: str = "", missing: bool = False) -> World:
    return replace(HOST, file=BaselineFile("contoso.com.json", text, fault, missing))


RAISED: dict[str, tuple[World, Told]] = {
    "other name servers": (
        delegated("ns1.registrar.example").since(served(HOST)),
        Told(
            DELEGATION,
            "WARNING",
            "zone",
            DOMAIN,
            args={"old": "ns1.contoso.com, ns2.contoso.com", "new": "ns1.registrar.example", "since": SINCE},
        ),
    ),
    "not the declared name servers": (
        served(HOST).with_policy(expect=Expectations(name_servers=("ns1.contoso.com",))),
        Told(
            DELEGATION,
            "WARNING",
            "zone",
            DOMAIN,
            views=("outside",),
            args={"old": "ns1.contoso.com", "new": "ns1.contoso.com and ns2.contoso.com", "since": ""},
        ),
    ),
    "a moved address": (
        moved().since(HOST),
        Told(
            RECORD,
            "WARNING",
            "autodiscover",
            AUTODISCOVER,
            args={"kind": "the address", "old": SERVER, "new": SECOND, "since": SINCE},
        ),
    ),
    "another SRV record that leads to the same host": (
        SRV_WORLD.zone(lambda zone: zone.with_(SRV_NAME, SRV, Srv(5, 0, 443, REMOTE))).since(SRV_WORLD),
        Told(
            RECORD,
            "WARNING",
            "srv",
            SRV_NAME,
            args={"kind": "the SRV record", "old": f"0 0 443 {REMOTE}", "new": f"5 0 443 {REMOTE}"},
        ),
    ),
    "a record that is gone": (
        HOST.zone(lambda zone: zone.without(AUTODISCOVER)).since(HOST),
        Told(
            RECORD,
            "WARNING",
            "autodiscover",
            AUTODISCOVER,
            cause="dns-host-record-missing",
            args={"old": SERVER, "new": "none"},
        ),
    ),
    "a record that is new": (
        incidents.row_1("srv").since(SRV_WORLD),
        Told(
            RECORD,
            "WARNING",
            "autodiscover",
            AUTODISCOVER,
            cause="dns-unwanted-host-record",
            args={"old": "none", "new": SERVER},
        ),
    ),
    "a catch-all that captures nothing": (
        catch_all(HOST, tombstone=False).since(HOST),
        Told(APPEARED, "WARNING", "zone", f"*.{DOMAIN}"),
    ),
    "a catch-all that is told of anyway": (
        catch_all(SRV_WORLD).since(SRV_WORLD),
        Told(APPEARED, "WARNING", "zone", f"*.{DOMAIN}", cause="dns-wildcard-present"),
    ),
    "a catch-all that captures": (
        incidents.row_5("srv").since(SRV_WORLD),
        Told(APPEARED, "WARNING", "zone", f"*.{DOMAIN}", cause="dns-wildcard-captures-autodiscover"),
    ),
    "a catch-all that is gone": (HOST.since(catch_all(HOST, tombstone=False)), Told(GONE, "OK", "zone", f"*.{DOMAIN}")),
    "a name that nobody needs is lost": (
        HOST.since(presenting(dns_names=(*MULTI.dns_names, "old.contoso.com"))),
        Told(LOST, "WARNING", "autodiscover", AUTODISCOVER, args={"lost": "old.contoso.com"}),
    ),
    "another issuer": (
        presenting(issuer_organization="Other CA").since(HOST),
        Told(
            REPLACED,
            "WARNING",
            "autodiscover",
            AUTODISCOVER,
            args={"old": "issued by Example CA", "new": "issued by Other CA"},
        ),
    ),
    "another kind of key": (
        presenting(key_type="RSA").since(HOST),
        Told(REPLACED, "WARNING", "autodiscover", AUTODISCOVER),
    ),
    "another kind of certificate": (
        presenting(dns_names=(*MULTI.dns_names, f"*.{DOMAIN}")).since(HOST),
        Told(REPLACED, "WARNING", "autodiscover", AUTODISCOVER, args={"old": "multi-name", "new": "wildcard"}),
    ),
    "a renewal": (presenting().since(HOST), Told(RENEWED, "OK", "autodiscover", AUTODISCOVER)),
    "a renewal with one name more": (
        presenting(dns_names=(*MULTI.dns_names, "new.contoso.com")).since(HOST),
        Told(RENEWED, "OK", "autodiscover", AUTODISCOVER),
    ),
    "a client that ends elsewhere": (
        warned().since(HOST),
        Told(
            WALK,
            "WARNING",
            "root",
            DOMAIN,
            cause="certificate-name-mismatch",
            args={"old": "configured at autodiscover", "new": "warned at root"},
        ),
    ),
    "never accepted": (
        with_file("", missing=True),
        Told(MISSING, "WARNING", "zone", DOMAIN, views=("",), args={"path": "contoso.com.json", "fault": ""}),
    ),
    "a file that cannot be read": (
        with_file("", fault="permission denied"),
        Told(MISSING, "UNKNOWN", "zone", DOMAIN, views=("",), args={"fault": "permission denied"}),
    ),
    "a file that was cut off": (
        with_file('{"schema": 1,\n "domain"'),
        Told(
            MISSING,
            "UNKNOWN",
            "zone",
            DOMAIN,
            views=("",),
            args={"fault": "it is no JSON at line 2: cut off or damaged"},
        ),
    ),
    "a file of a newer version": (
        with_file('{"schema": 2}'),
        Told(
            MISSING,
            "UNKNOWN",
            "zone",
            DOMAIN,
            views=("",),
            args={"fault": "$.schema: this program reads version 1, not 2"},
        ),
    ),
    "another domain's file": (
        with_file('{"schema": 1, "domain": "fabrikam.com", "accepted": "2026-11-01T00:00:00Z", "views": {}}'),
        Told(
            MISSING,
            "UNKNOWN",
            "zone",
            DOMAIN,
            views=("",),
            args={"fault": "it is about fabrikam.com, not contoso.com"},
        ),
    ),
}


@pytest.mark.parametrize("case", RAISED)
def test_each_drift_is_told_with_its_facts(case: str) -> None:
    assert_told(*RAISED[case])


UNSEEN = replace(HOST, cut=(AUTODISCOVER,))
V6 = "2001:db8::10"
DUAL = HOST.zone(
    lambda zone: zone.with_(AUTODISCOVER, AAAA, V6).with_(incidents.MAIL, AAAA, V6),
).site(V6, HOST.sites[SERVER])
HALF = DUAL.zone(lambda zone: replace(zone, silent=((incidents.MAIL, AAAA),)))
"""One family of the server's addresses gets no answer, and it is none of the names that clients meet."""
SAME = HOST.since(HOST)
SILENT = {
    DELEGATION: {
        "the same": served(HOST).since(served(HOST)),
        "as declared": served(HOST).with_policy(
            expect=Expectations(name_servers=("ns1.contoso.com", "ns2.contoso.com"))
        ),
        "not seen": HOST.since(served(HOST)),
    },
    RECORD: {
        "the same": SAME,
        "not seen": UNSEEN.since(HOST),
        "not seen then": HOST.since(UNSEEN),
        "one family of the server's was not answered": HALF.since(DUAL),
        "one family of the server's was not answered then": DUAL.since(HALF),
        "one family was not asked for": DUAL.with_policy(families=(Family.IPV4,)).since(DUAL),
        "the web site's address": HOST.zone(lambda zone: zone.with_(DOMAIN, A, "198.51.100.9")).since(HOST),
        "Microsoft's chain": incidents.row_37("exchange-online").since(healthy("exchange-online")),
    },
    APPEARED: {
        "none": SAME,
        "accepted": catch_all(HOST).since(catch_all(HOST)),
        "not told": HOST.zone(lambda zone: replace(zone, failing={f"xrandom.{DOMAIN}": DnsStatus.TIMEOUT})).since(HOST),
    },
    GONE: {"none": SAME, "accepted": catch_all(HOST).since(catch_all(HOST))},
    LOST: {"the same": SAME, "one more": RAISED["a renewal with one name more"][0]},
    REPLACED: {"the same": SAME, "renewed": presenting().since(HOST)},
    RENEWED: {"the same": SAME, "replaced": presenting(issuer_organization="Other CA").since(HOST)},
    WALK: {"the same": SAME, "not seen": UNSEEN.since(HOST)},
    MISSING: {"nobody asked": HOST, "there": SAME},
}


@pytest.mark.parametrize(("rule", "case"), [(rule, case) for rule, cases in SILENT.items() for case in cases])
def test_nothing_is_told_of_what_did_not_change(rule: str, case: str) -> None:
    assert rule not in rules_of(verdict(SILENT[rule][case]))


HISTORIES = {
    "a catch-all": (incidents.row_5("srv").since(SRV_WORLD), f"(new since {SINCE})"),
    "a new record": (incidents.row_1("srv").since(SRV_WORLD), f"(new since {SINCE})"),
    "a moved record": (incidents.row_12("host").since(HOST), f"(was {SERVER} on {SINCE})"),
    "a record that is gone": (
        SRV_WORLD.zone(lambda zone: zone.without(SRV_NAME)).since(SRV_WORLD),
        f"(was 0 0 443 {REMOTE} on {SINCE})",
    ),
}


@pytest.mark.parametrize("case", HISTORIES)
def test_a_fault_tells_what_stood_there_before(case: str) -> None:
    world, history = HISTORIES[case]
    report = verdict(world)
    assert history in report.roots[0].message, report.roots[0].message


@pytest.mark.parametrize("case", HISTORIES)
def test_a_drift_that_is_a_fault_is_no_second_cause(case: str) -> None:
    report = verdict(HISTORIES[case][0])
    assert [item.finding.rule for item in report.roots if item.finding.rule.startswith("drift-")] == []


def test_an_accepted_network_holds_whatever_address_of_it_is_given_out() -> None:
    text = _file(HOST).replace(f'"{SERVER}"', '"203.0.113.0/24"')
    drifted = replace(moved(), file=BaselineFile("contoso.com.json", text))
    assert RECORD not in rules_of(verdict(drifted))
    beyond = replace(incidents.row_12("host"), file=BaselineFile("contoso.com.json", text))
    assert RECORD in rules_of(verdict(beyond))


def test_of_an_accepted_pool_every_answer_may_show_a_part() -> None:
    both = HOST.zone(lambda zone: zone.with_(AUTODISCOVER, A, SERVER, SECOND)).site(SECOND, HOST.sites[SERVER])
    listed = f'"{AUTODISCOVER} address": [\n          "{SERVER}",\n          "{SECOND}"\n        ]'
    text = _file(both)
    assert listed in text
    pool = text.replace(listed, listed.replace("[", '{"pool": [').replace("]", "]}"))
    for wanted, file in ((RECORD, text), ("", pool)):
        told = rules_of(verdict(replace(HOST, file=BaselineFile("contoso.com.json", file))))
        assert told & {RECORD} == {wanted} - {""}


def test_the_accepted_method_is_what_auto_goes_by() -> None:
    report = verdict(incidents.row_34("auto").since(healthy("exchange-online").with_policy(method=Method.AUTO)))
    assert {choice.effective for choice in report.methods} == {Method.EXCHANGE_ONLINE}
    assert {choice.why for choice in report.methods} == {f"accepted on {SINCE}"}
    assert {choice.view for choice in report.methods} == set(BOTH)


def test_half_an_answer_is_no_more_to_accept_than_none() -> None:
    survey = survey_of(HALF)
    names = [f"{view}: not all of {incidents.MAIL} was answered" for view in BOTH]
    assert list(unanswered(assemble(survey, survey.ended))) == names
    whole = survey_of(DUAL)
    assert unanswered(assemble(whole, whole.ended)) == ()


def _file(world: World) -> str:
    baseline = survey_of(world.since(world)).baseline
    assert baseline is not None
    return baseline.text


def test_of_views_with_a_declared_method_the_baseline_has_no_say_in_the_others() -> None:
    """Inside a host record is declared; outside `auto` finds the SRV record, before and after it is accepted."""
    own = certificate(AUTODISCOVER, REMOTE)
    inside = HOST.zones["inside"].with_(AUTODISCOVER, A, SECOND).with_(REMOTE, A, SECOND)
    world = replace(SRV_WORLD.site(SECOND, Site(own)), zones={"inside": inside, "outside": SRV_WORLD.zones["outside"]})
    world = world.with_policy(method=Method.AUTO, methods=(("inside", Method.HOST),))
    for report in (verdict(world), verdict(world.since(world))):
        assert report.state is State.OK
        assert [choice.effective for choice in report.methods] == [Method.HOST, Method.SRV]


def test_a_catch_all_that_is_gone_takes_with_it_what_stood_by_it_and_alarms_nobody() -> None:
    """What was accepted while it was broken, and was then repaired."""
    report = verdict(SRV_WORLD.since(incidents.row_5("srv")))
    assert report.state.value == "OK", report.summary
    told = {item.finding.rule: item.caused_by for item in report.judgements if item.finding.rule == RECORD}
    assert told[RECORD]


def test_a_strangers_certificate_of_the_same_issuer_is_another_and_lost_no_name() -> None:
    rules = rules_of(verdict(presenting(dns_names=("stranger.example",)).since(HOST)))
    assert REPLACED in rules
    assert LOST not in rules


def test_a_baseline_that_cannot_be_used_says_why_in_its_sentence() -> None:
    report = verdict(with_file("", fault="permission denied"))
    assert report.summary.startswith("baseline contoso.com.json cannot be used: permission denied")


def test_a_wish_in_place_of_a_method_makes_a_baseline_unusable() -> None:
    text = _file(HOST).replace('"method": "host"', '"method": "auto"')
    assert "auto" in text
    told = Told(MISSING, "UNKNOWN", "zone", DOMAIN, views=("",))
    assert_told(replace(HOST, file=BaselineFile("contoso.com.json", text)), told)


def test_a_view_of_which_nothing_was_accepted_is_told() -> None:
    one = HOST.with_policy(views=HOST.policy.views[:1])
    assert "outside: nothing of this view was accepted, so its drift was not judged (baseline accept)" in (
        verdict(HOST.since(one)).notes
    )
