"""The cells of the incident table that are judged with an accepted baseline, and the first line of a lost name."""

from dataclasses import replace

import pytest

from check_autodiscover.core.model.certificate import Certificate
from check_autodiscover.core.model.observations import RecordType
from check_autodiscover.core.rules.phrases import date_of
from tests.core import incidents
from tests.core.incidents import REMOTE, auto, healthy, served
from tests.core.judging import rules_of, verdict
from tests.core.test_incidents import METHODS, told, wanted
from tests.core.worlds import AUTODISCOVER, DAY, DOMAIN, NOW, SERVER, Site, World, certificate

SINGLE_BEFORE = certificate(REMOTE, AUTODISCOVER)


def parked(method: str) -> World:
    """A lapsed domain at its registrar: its name servers are others, and all names lead to one page."""
    park = {DOMAIN: ("ns1.registrar.example", "ns2.registrar.example")}
    return incidents.row_44(method).zone(lambda zone: zone.with_(DOMAIN, RecordType.NS, *park[DOMAIN]))


CELLS = {
    "16 auto": (auto(healthy("srv")), incidents.row_16_everywhere(), "2 SM"),
    "27 srv": (healthy("srv").site(SERVER, Site(SINGLE_BEFORE)), healthy("srv"), "1 names-lost"),
    "27 host": (healthy("host"), incidents.row_27("host"), "2 NM"),
    "31 auto": (auto(healthy("host")).with_policy(servers=()), incidents.row_31("auto"), "2 SB"),
    "34 auto": (auto(healthy("exchange-online")), incidents.row_34("auto"), "2 HM"),
    "35 auto": (auto(healthy("exchange-online")), incidents.row_35("auto"), "2 AL"),
    "36 auto": (auto(healthy("host")), incidents.row_36("auto"), "2 AL"),
    "39 auto, broken": (auto(healthy("redirect")), incidents.row_39("auto"), "2 RI"),
    "39 auto, loops": (auto(healthy("redirect")), incidents.row_39_loops("auto"), "2 RL"),
    **{
        f"44 {method}": (
            served(incidents.based(method, "host")),
            parked(method),
            "1 NS" if method == "none" else "2 NS",
        )
        for method in METHODS
    },
}


@pytest.mark.parametrize("cell", CELLS)
def test_each_cell_with_a_baseline_gives_its_exit_code_and_root(cell: str) -> None:
    accepted, world, expected = CELLS[cell]
    assert world is not None
    report = verdict(world.since(accepted))
    assert told(report) == wanted(expected), report.summary


@pytest.mark.parametrize("method", METHODS)
def test_an_ordinary_renewal_alarms_nobody_and_is_told(method: str) -> None:
    """Row 28: another intermediate and a new key of the same organisation."""
    accepted = incidents.based(method, "host")
    before = incidents.certificate_of(method).certificate
    assert isinstance(before, Certificate)
    other = certificate(*before.dns_names, key="new", issuer="Example CA 2")
    world = accepted.site(SERVER, Site(replace(other, issuer_organization=before.issuer_organization)))
    report = verdict(world.since(accepted))
    assert told(report) == (0, set()), report.summary


def test_a_name_that_a_renewal_lost_is_told_with_the_day_and_that_it_was_there() -> None:
    """Row 27, the fifth of the first lines."""
    lost = replace(certificate("mail.contoso.com", "www.contoso.com"), not_before=int(NOW) - 2 * DAY)
    report = verdict(healthy("host").site(SERVER, Site(lost)).since(healthy("host")))
    assert report.summary == (
        f"certificate of mail.contoso.com, renewed {date_of(NOW - 2 * DAY)}, lacks autodiscover.contoso.com "
        "(had it before): Outlook warns [certificate-name-mismatch]"
    )
    assert "drift-certificate-names-lost" in rules_of(report)


def test_a_walk_that_ends_elsewhere_is_a_consequence_of_the_record_that_leads_it_there() -> None:
    """Row 36."""
    accepted, world, _ = CELLS["36 auto"]
    assert world is not None
    report = verdict(world.since(accepted))
    changed = [item for item in report.judgements if item.finding.rule == "drift-walk-changed"]
    assert changed
    assert all(item.caused_by for item in changed)
