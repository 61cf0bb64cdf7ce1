"""The page of the clients tells every client, step and reaction that is walked, and each client's source."""

import pytest

from check_autodiscover.core.analysis import walks
from check_autodiscover.core.model.clients import CLIENTS, REGISTRY, ClientProfile
from check_autodiscover.core.model.policy import DEFAULT_CLIENTS, ClientName, Step, judgeable
from docs.client_pages import EVENTS, STEPS, clients

by_name = pytest.mark.parametrize("profile", CLIENTS, ids=lambda profile: profile.name.value)
MODELLED = (
    "Outlook 2007 as released",
    "2007 with Service Pack 1",
    "Outlook 2010",
    "Outlook 2013",
    "Outlook 2016",
    "EWS Managed API",
    "exchangelib",
    "Outlook for iOS and Android",
)
"""The clients whose order is documented and that are modelled, as the page must name them."""


def section(profile: ClientProfile) -> str:
    """What the page says of one client."""
    return clients().split(f"### {profile.title}\n")[1].split("\n### ")[0]


def test_every_client_has_one_profile_and_the_judged_ones_come_first() -> None:
    names = [profile.name for profile in CLIENTS]
    assert sorted(names, key=list(ClientName).index) == names == list(ClientName)
    assert tuple(names[: len(DEFAULT_CLIENTS)]) == DEFAULT_CLIENTS


@by_name
def test_a_profile_cites_its_source_and_says_whom_it_is_about(profile: ClientProfile) -> None:
    assert len(profile.title) > 8
    assert len(profile.source) > 8
    assert f"Source: {profile.source}" in section(profile)


@by_name
def test_a_profile_walks_each_step_once_in_the_order_of_all(profile: ClientProfile) -> None:
    assert sorted(set(profile.steps), key=list(Step).index) == list(profile.steps)
    assert set(profile.consents) <= set(profile.steps)
    assert f"`{profile.name.value}`: " + ", ".join(f"`{step.value}`" for step in profile.steps) in section(profile)


@by_name
def test_a_client_cannot_be_judged_where_its_outcome_is_not_seen_and_only_there(profile: ClientProfile) -> None:
    assert judgeable(profile.name) is not bool(profile.unseen)


@pytest.mark.parametrize("name", MODELLED)
def test_every_client_that_is_modelled_has_a_section_that_names_it(name: str) -> None:
    assert sum(name in line for line in clients().splitlines() if line.startswith("### ")) == 1


def test_every_step_is_told_with_what_leaves_it_out() -> None:
    assert set(STEPS) == set(REGISTRY) == set(Step)
    assert all(STEPS[step] in clients() and REGISTRY[step] in clients() for step in Step)


def test_every_reaction_is_told_with_its_code() -> None:
    tables = (walks.ANSWERS, walks.NAMES, walks.CERTIFICATES)
    known = {reaction for table in tables for reaction in table.values() if reaction[0]}
    single = (value for name, value in vars(walks).items() if name.isupper() and isinstance(value, tuple))
    known |= {value for value in single if isinstance(value[0], str)}
    assert {reaction for met, _ in EVENTS.values() for reaction in met} == known
