"""What is said where one address family alone is asked for: that, and not that a name has no address."""

import pytest

from check_autodiscover.core.model.policy import Family
from tests.core.incidents import REMOTE, healthy
from tests.core.judging import Told, assert_told, verdict
from tests.core.worlds import AUTODISCOVER, DOMAIN

FAMILY = {"family": "IPv6", "only": "-6"}
ONLY_IPV6 = {
    "srv": Told("dns-srv-target-missing", "CRITICAL", "srv", REMOTE, args=FAMILY),
    "host": Told("dns-host-record-missing", "CRITICAL", "autodiscover", AUTODISCOVER, args=FAMILY),
}


@pytest.mark.parametrize("method", ONLY_IPV6)
def test_a_name_without_the_one_family_that_is_asked_for_is_told_as_such(method: str) -> None:
    world = healthy(method).with_policy(families=(Family.IPV6,))
    assert_told(world, ONLY_IPV6[method])
    report = verdict(world)
    assert "for IPv6, the one family asked for" in report.summary
    assert [item.remedy for item in report.roots if item.remedy.startswith("Leave out -6, unless")]
    assert [note for note in report.notes if note.startswith("only IPv6 was asked for (-6)")]
    assert [note for note in report.notes if "has no address for IPv6 in any view" in note]


@pytest.mark.parametrize("families", [(Family.IPV4,), (Family.IPV4, Family.IPV6)])
def test_nothing_is_said_of_a_family_where_the_name_has_it(families: tuple[Family, ...]) -> None:
    report = verdict(healthy("srv").with_policy(families=families))
    assert report.state.value == "OK"
    assert bool([note for note in report.notes if "was asked for" in note]) is (len(families) == 1)


def test_a_missing_record_is_missing_in_both_families() -> None:
    world = healthy("host").zone(lambda zone: zone.without(AUTODISCOVER))
    told = Told("dns-host-record-missing", "CRITICAL", "autodiscover", AUTODISCOVER, args={"family": "", "only": ""})
    assert_told(world, told)
    assert f"no record autodiscover.{DOMAIN}:" in verdict(world).summary
