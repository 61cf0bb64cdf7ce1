"""What is noted of clients: what they may do unseen, and how those fare that nobody judges. No note is an alarm."""

import pytest

from check_autodiscover.core.model.policy import ClientName, Step
from check_autodiscover.core.model.states import State
from tests.core import incidents
from tests.core.incidents import AAAA, MULTI, healthy
from tests.core.judging import verdict
from tests.core.worlds import APEX, AUTODISCOVER, DOMAIN, PAGE, SERVER, Site, World, certificate

V6 = "2001:db8::10"
PANEL = certificate(DOMAIN, "cpanel.contoso.com", "webdisk.contoso.com", "www.contoso.com")
OLD = "outlook-2007, which is not judged, finds nothing inside and outside: it knows no SRV records"


def at_panel(world: World) -> World:
    return world.site(APEX, Site(PANEL, PAGE))


def ipv6_only() -> World:
    world = healthy("host").zone(lambda zone: zone.without(AUTODISCOVER).with_(AUTODISCOVER, AAAA, V6))
    return world.site(V6, Site(MULTI))


NOTED = {
    "row 12: SRV alone, and an Outlook that knows none": (healthy("srv"), OLD),
    "a library that wants A records": (
        ipv6_only(),
        "exchangelib, which is not judged, finds nothing inside and outside: the name has no A record",
    ),
    "a library that reads priorities backwards": (
        incidents.row_21_one_broken("srv").with_policy(clients=(ClientName.EWS,)),
        "exchangelib, which is not judged, finds nothing inside and outside: no connection",
    ),
    "row 47: the cloud is asked first": (
        healthy("host"),
        "Outlook 2016 and later may ask them first, and open a mailbox there if the account has one "
        "(ExcludeExplicitO365Endpoint keeps them here)",
    ),
    "row 49: a panel that makes certificates beside the cloud": (
        at_panel(healthy("exchange-online")),
        "has a hosting panel's certificate (cpanel.contoso.com): its AutoSSL cannot prove autodiscover.contoso.com",
    ),
    "row 58: a policy that one PC may lack": (
        healthy("srv").with_policy(skip_steps=(Step.ROOT, Step.REDIRECT)),
        "inside and outside: clients skip root and redirect; one without ExcludeHttpsRootDomain and "
        "ExcludeHttpRedirect does not",
    ),
}


@pytest.mark.parametrize("case", NOTED)
def test_what_clients_may_do_beside_is_noted_and_alarms_nobody(case: str) -> None:
    world, words = NOTED[case]
    report = verdict(world)
    assert [note for note in report.notes if words in note], report.notes
    assert report.state is not State.CRITICAL, report.summary


UNNOTED = {
    "a client that is judged": (healthy("srv").with_policy(clients=(ClientName.OUTLOOK_2007,)), "is not judged"),
    "clients that fare badly altogether": (incidents.row_33("srv"), "is not judged"),
    "nothing is published": (healthy("none"), "is not judged"),
    "a host record": (healthy("host"), "is not judged"),
    "an account in the cloud": (healthy("exchange-online"), "open a mailbox there"),
    "the cloud is not asked": (healthy("host").with_policy(skip_steps=(Step.OFFICE365,)), "Microsoft 365"),
    "only older clients": (healthy("host").with_policy(clients=(ClientName.OUTLOOK_2010,)), "Microsoft 365"),
    "a panel beside an own server": (at_panel(healthy("host")), "panel"),
    "a web site beside the cloud": (healthy("exchange-online"), "panel"),
    "no step is skipped": (healthy("srv"), "skip"),
}


@pytest.mark.parametrize("case", UNNOTED)
def test_nothing_is_noted_where_it_is_not_so(case: str) -> None:
    world, words = UNNOTED[case]
    assert world is not None
    assert [note for note in verdict(world).notes if words in note] == []


def test_what_differs_between_the_views_is_noted_of_each() -> None:
    world = healthy("srv").zone(lambda zone: zone.with_(AUTODISCOVER, incidents.A, SERVER), "outside")
    world = world.site(SERVER, Site(certificate(incidents.REMOTE, AUTODISCOVER)))
    notes = [note for note in verdict(world).notes if "outlook-2007" in note]
    assert notes == [f"{OLD.replace(' and outside', '')}, as later ones do (KB 940881)"]
