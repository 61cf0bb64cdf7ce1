"""What the directory leads domain-joined clients to: its URLs in their order, pointers, and what is not known."""

from dataclasses import replace

import pytest

from check_autodiscover.core.analysis.directory import read_directory
from check_autodiscover.core.analysis.plan import plan
from check_autodiscover.core.model.clients import Outcome
from check_autodiscover.core.model.observations import (
    ConnectionPoint,
    DirectoryAnswer,
    DirectoryQuestion,
    DirectoryStatus,
    RecordType,
)
from check_autodiscover.core.model.policy import ClientName, Directory, Step
from check_autodiscover.core.model.urls import BadLdapUrl, parse_ldap_url
from tests.core.directories import DC, PARTNER, URL, answer, asking, point, pointer
from tests.core.incidents import HOSTER, REMOTE, healthy
from tests.core.judging import verdict
from tests.core.worlds import APEX, PAGE, Site, World, certificate, redirect, status, survey_of

A = RecordType.A
HERE, ELSEWHERE = "192.0.2.21", "192.0.2.22"
BY_SCP = (ClientName.OUTLOOK_2016, ClientName.OUTLOOK_2013, ClientName.OUTLOOK_2010, ClientName.EWS)


def urls(world: World) -> list[str]:
    """The hosts of the directory's URLs, in the order of clients."""
    return [url.text.split("/")[2] for url in read_directory(survey_of(world)).urls]


def ends(world: World, view: str = "inside") -> dict[ClientName, tuple[Outcome, Step | None]]:
    """How and where the clients that ask a directory end."""
    return {
        walk.client: (walk.outcome, walk.at)
        for walk in verdict(world).walks
        if walk.view == view and walk.client in BY_SCP
    }


def codes(world: World, client: ClientName = ClientName.OUTLOOK_2010) -> list[tuple[str, str]]:
    """What a client notes at the URLs of the directory."""
    walk = next(item for item in verdict(world).walks if (item.view, item.client) == ("inside", client))
    return [(step.outcome, step.code) for step in walk.steps if step.step is Step.SCP]


def two_servers(first: Site, second: Site) -> World:
    """A domain published by SRV, and two Exchange servers of its own that inside DNS knows."""
    world = healthy("srv").zone(
        lambda zone: zone.with_("ex1.contoso.com", A, HERE).with_("ex2.contoso.com", A, ELSEWHERE)
    )
    return world.site(HERE, first).site(ELSEWHERE, second)


FIRST, SECOND = Site(certificate("ex1.contoso.com")), Site(certificate("ex2.contoso.com"))


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("LDAP://DC1.Contoso.com", "ldap://dc1.contoso.com"),
        ("ldap://dc1.contoso.com:389/", "ldap://dc1.contoso.com"),
        ("ldaps://dc1.contoso.com:3269", "ldaps://dc1.contoso.com:3269"),
        ("ldaps://[2001:db8::1]:636", "ldaps://[2001:db8::1]"),
        (
            "ldap://192.0.2.7:3268/CN=Configuration,DC=contoso,DC=com",
            "ldap://192.0.2.7:3268/CN=Configuration,DC=contoso,DC=com",
        ),
    ],
)
def test_an_ldap_url_has_one_spelling(text: str, means: str) -> None:
    assert parse_ldap_url(text).text == means


@pytest.mark.parametrize(
    "text",
    [
        "dc1",
        "https://dc1",
        "ldap://",
        "ldap://user@dc1",
        "ldap://dc1:0",
        "ldap://dc1:70000",
        "ldap://a b",
        "LDAP://DC=x",
    ],
)
def test_what_is_no_ldap_url_of_a_server_is_refused(text: str) -> None:
    with pytest.raises(BadLdapUrl):
        parse_ldap_url(text)


def test_urls_come_in_the_order_of_the_clients_site_each_once() -> None:
    points = (
        point("far.example", site="Paris"),
        point("any.example"),
        point("NEAR.example", site="LONDON"),
        point("near.example", site="London"),
    )
    assert urls(asking(healthy("srv"), *points, site="London")) == ["near.example", "any.example", "far.example"]
    ranks = [url.rank for url in read_directory(survey_of(asking(healthy("srv"), *points))).urls]
    assert ranks == [1, 1, 1], "without a site each URL is somebody's first"


def test_keywords_are_compared_whatever_their_case() -> None:
    shouted = ConnectionPoint(
        "CN=EX1", (URL.lower(), "SITE=london"), ("HTTPS://EX1.Contoso.com/autodiscover/autodiscover.xml",)
    )
    assert urls(asking(healthy("srv"), shouted, site="London")) == ["ex1.contoso.com"]


@pytest.mark.parametrize("binding", ["http://ex1/autodiscover/autodiscover.xml", "https://ex1/owa", "ex1", "https://"])
def test_what_is_no_https_url_of_autodiscover_is_no_place_to_go(binding: str) -> None:
    world = asking(healthy("srv"), ConnectionPoint("CN=EX1", (URL,), (binding,)))
    assert [url.target for url in read_directory(survey_of(world)).urls] == [None]
    assert ends(world)[ClientName.OUTLOOK_2010] == (Outcome.ASKS_CONSENT, Step.SRV)


def test_a_pointer_for_the_domain_wins_over_urls_and_its_directory_is_told_no_password() -> None:
    world = asking(healthy("srv"), point("ex1.contoso.com"), pointer(PARTNER, "Contoso.com"))
    world = replace(
        world.with_policy(directory=Directory(DC, user="svc", password_file="/p")), directories=world.directories
    )
    world.directories[PARTNER] = answer(point("ex2.contoso.com"))
    survey = survey_of(world)
    assert set(survey.directories) == {DirectoryQuestion(DC, login=True), DirectoryQuestion(PARTNER, login=False)}
    assert urls(world) == ["ex2.contoso.com"]


def test_a_pointer_for_any_domain_is_followed_where_there_is_no_url_alone() -> None:
    further = {PARTNER: answer(point("ex2.contoso.com"))}
    assert urls(asking(healthy("srv"), point("ex1.contoso.com"), pointer(PARTNER), more=further)) == ["ex1.contoso.com"]
    assert urls(asking(healthy("srv"), pointer(PARTNER), more=further)) == ["ex2.contoso.com"]
    assert urls(asking(healthy("srv"), pointer(PARTNER, "fabrikam.com"), more=further)) == []


def test_pointers_that_lead_round_or_nowhere_end_the_search() -> None:
    for lost in (pointer(DC), pointer("LDAP://DC=contoso,DC=com")):
        reading = read_directory(survey_of(asking(healthy("srv"), lost)))
        assert (reading.status, reading.urls) == (DirectoryStatus.FAILED, ())


def test_no_more_than_ten_directories_are_asked() -> None:
    chain = {f"ldap://dc{number}.example": answer(pointer(f"ldap://dc{number + 1}.example")) for number in range(1, 20)}
    world = asking(healthy("srv"), pointer("ldap://dc1.example"), more=chain)
    reading = read_directory(survey_of(world))
    assert (len(reading.asked), reading.status) == (10, DirectoryStatus.FAILED)


def test_clients_inside_end_at_the_directorys_url_and_those_outside_never_see_it() -> None:
    world = asking(two_servers(FIRST, SECOND), point("ex1.contoso.com"))
    assert set(ends(world).values()) == {(Outcome.CONFIGURED, Step.SCP)}
    assert {at for _, at in ends(world, "outside").values()} == {Step.SRV}
    assert not any(question.name == "ex2.contoso.com" for question in survey_of(world).contacts)


def test_the_directory_is_not_asked_where_no_view_is_within_its_reach() -> None:
    world = asking(healthy("srv"), point("ex1.contoso.com"))
    world = world.with_policy(views=tuple(view for view in world.policy.views if view.name == "outside"))
    assert not any(isinstance(question, DirectoryQuestion) for question in plan(survey_of(world)))


@pytest.mark.parametrize("status_", [status for status in DirectoryStatus if status is not DirectoryStatus.ANSWER])
def test_a_directory_that_could_not_be_read_leaves_dns_to_be_walked(status_: DirectoryStatus) -> None:
    world = asking(healthy("srv"), more={DC: DirectoryAnswer(status_)})
    assert ends(world)[ClientName.OUTLOOK_2010] == (Outcome.ASKS_CONSENT, Step.SRV)
    assert codes(world) == [("unseen", "")]


def test_no_connection_point_is_a_step_that_finds_nothing() -> None:
    assert codes(asking(healthy("srv"))) == [("next", "0x8004010F")]


DEMANDS = replace(FIRST, answer=status(400), asks=True)
REFUSED = Site()


@pytest.mark.parametrize(
    ("site", "code"),
    [(DEMANDS, "0x80072F0C"), (REFUSED, "0x80072EFD"), (replace(FIRST, answer=status(404)), "0x80070057")],
)
def test_an_error_at_the_directorys_url_is_not_conclusive(site: Site, code: str) -> None:
    world = asking(two_servers(site, SECOND), point("ex1.contoso.com"))
    assert codes(world) == [("next", code)]
    assert ends(world)[ClientName.OUTLOOK_2010] == (Outcome.ASKS_CONSENT, Step.SRV)


def test_outlook_warns_of_the_certificate_at_the_directorys_url_and_ews_goes_on() -> None:
    world = asking(two_servers(Site(HOSTER), SECOND), point("ex1.contoso.com"))
    assert ends(world)[ClientName.OUTLOOK_2016] == (Outcome.WARNED, Step.SCP)
    assert ends(world)[ClientName.EWS] == (Outcome.CONFIGURED, Step.SRV)


def test_urls_of_the_clients_site_are_tried_before_those_of_others() -> None:
    points = (point("ex1.contoso.com", site="London"), point("ex2.contoso.com", site="Paris"))
    world = asking(two_servers(FIRST, Site(HOSTER)), *points, site="London")
    assert ends(world)[ClientName.OUTLOOK_2016] == (Outcome.CONFIGURED, Step.SCP)
    world = asking(two_servers(REFUSED, Site(HOSTER)), *points, site="London")
    assert ends(world)[ClientName.OUTLOOK_2016] == (Outcome.WARNED, Step.SCP)


def test_of_urls_that_any_client_may_take_first_the_worst_counts() -> None:
    points = (point("ex1.contoso.com"), point("ex2.contoso.com"))
    world = asking(two_servers(FIRST, Site(HOSTER)), *points, site="London")
    assert ends(world)[ClientName.OUTLOOK_2016] == (Outcome.WARNED, Step.SCP)


def test_outlook_2013_asks_dns_meanwhile_so_a_bad_certificate_at_the_root_prompts_it_alone() -> None:
    world = asking(two_servers(FIRST, SECOND), point("ex1.contoso.com")).site(
        APEX, Site(certificate("www.contoso.com"), PAGE)
    )
    found = ends(world)
    assert found.pop(ClientName.OUTLOOK_2013) == (Outcome.WARNED, Step.ROOT)
    assert set(found.values()) == {(Outcome.CONFIGURED, Step.SCP)}


def test_a_redirect_of_the_directorys_url_is_followed() -> None:
    target = f"https://{REMOTE}/autodiscover/autodiscover.xml"
    world = asking(two_servers(replace(FIRST, answer=redirect(target)), SECOND), point("ex1.contoso.com"))
    assert ends(world)[ClientName.OUTLOOK_2016] == (Outcome.CONFIGURED, Step.SCP)


def test_a_server_that_the_directory_names_is_no_stranger() -> None:
    for method in ("exchange-online", "none", "srv"):
        world = healthy(method).zone(lambda zone: zone.with_("ex1.contoso.com", A, HERE)).site(HERE, FIRST)
        assert ends(asking(world, point("ex1.contoso.com")))[ClientName.OUTLOOK_2016] == (Outcome.CONFIGURED, Step.SCP)


def test_without_a_directory_the_step_is_said_not_to_be_observed() -> None:
    assert codes(healthy("srv")) == [("unseen", "")]
