"""Rules about how clients fare: warned, left with nothing, asked for consent; and views that differ in it."""

from dataclasses import replace
from typing import Any

import pytest

from check_autodiscover.core.model.clients import WalkStep
from check_autodiscover.core.model.observations import Srv
from check_autodiscover.core.model.policy import ClientName, Method, Step
from check_autodiscover.core.model.states import State
from check_autodiscover.core.rules.clients import judge_clients
from check_autodiscover.core.verdict.judge import assemble
from check_autodiscover.core.verdict.wording import sentence_of
from tests.core import incidents
from tests.core.incidents import HOSTER, REMOTE, URL, healthy
from tests.core.judging import BOTH, Told, assert_told, rules_of, verdict
from tests.core.worlds import AUTODISCOVER, DOMAIN, PAGE, SERVER, SRV_NAME, Site, World, certificate, survey_of

CW, CN, CA, VD = "client-warned", "client-finds-nothing", "client-asks-consent", "dns-views-disagree"
OUTLOOK = "outlook-2016, outlook-2013 and outlook-2010"
EVERYBODY = "outlook-2016, outlook-2013, outlook-2010 and ews"


def client(rule: str, severity: str, endpoint: str, **more: Any) -> Told:
    """What is told of the clients of a view."""
    return Told(rule, severity, endpoint, DOMAIN, **more)


RAISED = {
    "warned at the host record": (
        incidents.row_1("srv"),
        client(
            CW,
            "CRITICAL",
            "autodiscover",
            cause="dns-unwanted-host-record",
            args={
                "clients": OUTLOOK,
                "step": "autodiscover",
                "host": AUTODISCOVER,
                "why": f"{SERVER}: the certificate lacks {AUTODISCOVER}",
            },
        ),
    ),
    "warned at the SRV record's target": (
        incidents.row_25("srv"),
        client(CW, "CRITICAL", "srv", cause="certificate-expired", args={"url": URL, "clients": OUTLOOK}),
    ),
    "warned at the root domain": (
        incidents.row_22("exchange-online"),
        client(CW, "WARNING", "root", cause="certificate-name-mismatch", args={"clients": OUTLOOK}),
    ),
    "left with nothing": (
        incidents.row_33("srv"),
        client(
            CN,
            "CRITICAL",
            "srv",
            cause="service-unreachable",
            args={"clients": EVERYBODY, "step": "", "tld": "com", "target": ""},
        ),
    ),
    "left with nothing while others are warned": (
        incidents.row_25("srv"),
        client(CN, "CRITICAL", "srv", cause="certificate-expired", args={"clients": "ews"}),
    ),
    "left with nothing by the port alone": (
        incidents.row_18("srv"),
        client(CN, "CRITICAL", "srv", cause="dns-srv-port", args={"clients": "ews"}),
    ),
    "left with nothing at one of several SRV targets": (
        incidents.row_21_one_broken("srv"),
        client(CN, "CRITICAL", "srv", cause="service-unreachable", args={"target": "remote2.contoso.com"}),
    ),
    "asked for consent by an SRV record": (
        healthy("srv"),
        client(CA, "OK", "srv", args={"clients": OUTLOOK, "host": REMOTE, "step": "srv"}),
    ),
    "asked for consent by a redirect": (
        healthy("redirect"),
        client(CA, "OK", "redirect", args={"clients": OUTLOOK, "host": REMOTE, "step": "redirect"}),
    ),
}


@pytest.mark.parametrize("case", RAISED)
def test_each_way_of_faring_is_told_once_a_view_with_the_clients(case: str) -> None:
    world, told = RAISED[case]
    assert world is not None
    assert_told(world, told)


NOT_CONNECTED = incidents.row_16("srv").with_policy(
    views=tuple(replace(view, connect=view.name == "inside") for view in healthy("srv").policy.views)
)
SILENT: dict[str, dict[str, World | None]] = {
    CW: {
        "configured": healthy("srv"),
        "a client that shows no warnings": incidents.row_1("srv").with_policy(clients=(ClientName.EWS,)),
        "the root of a domain without Autodiscover": incidents.row_22("none"),
    },
    CN: {
        "configured": healthy("srv"),
        "nothing is published": healthy("none"),
        "nothing was seen": incidents.row_48_before("srv"),
    },
    CA: {
        "a host record": healthy("host"),
        "exchange-online": healthy("exchange-online"),
        "a client that asks nobody": healthy("srv").with_policy(clients=(ClientName.EWS,)),
        "no Autodiscover is meant": healthy("srv").with_policy(method=Method.NONE),
    },
    VD: {
        "alike": healthy("srv"),
        "alike badly": incidents.row_33("srv"),
        "private inside, public outside": incidents.row_40("host"),
        "consent here, none there": healthy("srv").with_policy(clients=(ClientName.EWS, ClientName.OUTLOOK_2016)),
        "one view was not seen": incidents.row_42("host"),
        "one view is not connected to": NOT_CONNECTED,
        "one view alone": incidents.row_1("srv").with_policy(views=healthy("srv").policy.views[:1]),
    },
}


@pytest.mark.parametrize(("rule", "case"), [(rule, case) for rule, cases in SILENT.items() for case in cases])
def test_nothing_is_told_where_clients_fare_well_or_unseen(rule: str, case: str) -> None:
    world = SILENT[rule][case]
    assert world is not None
    assert rule not in rules_of(verdict(world))


def test_views_that_disagree_are_explained_by_the_fault_of_one() -> None:
    told = Told(
        VD,
        "WARNING",
        "zone",
        DOMAIN,
        views=("",),
        cause="dns-srv-missing",
        args={"outcomes": "inside nothing, outside configured"},
    )
    assert_told(incidents.row_16("srv"), told)


def test_a_consequence_never_counts_above_its_root() -> None:
    for item in verdict(incidents.row_22("exchange-online")).judgements:
        assert item.severity is not State.CRITICAL


@pytest.mark.parametrize("name", [name for name in ClientName if name is not ClientName.OUTLOOK_MOBILE])
def test_only_judged_clients_are_told_of(name: ClientName) -> None:
    report = verdict(incidents.row_33("srv").with_policy(clients=(name,)))  # type: ignore[union-attr]  # this row has a world for srv
    told = {item.finding.arg("clients") for item in report.judgements if item.finding.rule == CN}
    assert told == {name.value}
    assert {walk.client for walk in report.walks if walk.judged} == {name}


def test_all_clients_are_walked_and_shown_whoever_is_judged() -> None:
    report = verdict(healthy("srv").with_policy(clients=(ClientName.EWS,)))
    assert [(walk.view, walk.client) for walk in report.walks] == [(view, name) for view in BOTH for name in ClientName]


def test_a_client_that_nobody_judges_wakes_nobody() -> None:
    report = verdict(incidents.row_1("host").with_policy(clients=(ClientName.EWS,)))
    assert CW not in rules_of(report)


def test_a_warning_at_an_unused_place_is_no_fault() -> None:
    world = healthy("host").zone(lambda zone: zone.with_(SRV_NAME, incidents.SRV, Srv(0, 0, 443, REMOTE)))
    world = world.zone(lambda zone: zone.with_(REMOTE, incidents.A, "203.0.113.12"))
    report = verdict(world.site("203.0.113.12", Site(HOSTER, PAGE)))
    assert report.state is State.OK, report.summary


def test_an_outcome_is_told_at_the_step_where_it_happened_in_each_view() -> None:
    world = incidents.row_1("srv").zone(lambda zone: zone.without(AUTODISCOVER), "outside")
    world = world.site(SERVER, Site(certificate(REMOTE, days=-2)))
    report = verdict(world)
    told = {item.finding.view: item.finding.endpoint.value for item in report.judgements if item.finding.rule == CW}
    assert told == {"inside": "autodiscover", "outside": "srv"}


def test_clients_that_end_at_different_steps_are_told_each_with_its_own() -> None:
    survey = survey_of(incidents.row_1("srv"))
    picture = assemble(survey, survey.ended)
    view = picture.views[0]
    late = WalkStep(Step.SRV, URL, "warned", "0x80072F05", f"{SERVER}: the certificate has expired")
    walks = (view.walks[0], replace(view.walks[1], at=Step.SRV, steps=(late,)))
    (warned,) = (item for item in judge_clients(picture, replace(view, walks=walks)) if item.rule == CW)
    assert sentence_of(picture, warned) == (
        f"certificate warning shown by outlook-2016 at the autodiscover step ({SERVER}: the certificate lacks "
        f"{AUTODISCOVER}) and outlook-2013 at the srv step ({SERVER}: the certificate has expired)"
    )
    assert warned.arg("step") == "autodiscover and srv"


def test_row_12_a_client_that_lacks_the_step_is_named_with_what_to_do() -> None:
    report = verdict(healthy("srv").with_policy(clients=(ClientName.OUTLOOK_2007, ClientName.OUTLOOK_2010)))
    root = report.roots[0]
    assert report.summary.startswith(
        "inside and outside, nothing found by outlook-2007 (outlook-2007 knows no srv step)"
    )
    assert root.remedy.startswith("Update outlook-2007, or publish otherwise.")
    assert root.finding.rule == CN


def test_row_61_what_clients_do_that_find_nothing_is_said() -> None:
    (nothing,) = {item.remedy for item in verdict(incidents.row_33("srv")).judgements if item.finding.rule == CN}  # type: ignore[arg-type]  # this row has a world for srv
    assert nothing == (
        "Mend the cause. Until then block autodiscover.com for your clients, on the firewall or in the inside DNS: "
        "they may send it a password."
    )
