"""What is asked, and that asking ends: caps on names, targets, addresses, aliases and redirects."""

from dataclasses import replace

import pytest

from check_autodiscover.core.analysis.endpoints import MAX_ADDRESSES, MAX_TARGETS
from check_autodiscover.core.analysis.plan import MAX_LOOKUPS, plan
from check_autodiscover.core.model.observations import (
    Connect,
    Contact,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    RecordType,
    Scheme,
    Srv,
)
from check_autodiscover.core.model.policy import Family, Step
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.verdict.judge import judge
from tests.core import incidents
from tests.core.incidents import REMOTE, A, healthy
from tests.core.worlds import APEX, AUTODISCOVER, CLOUD, DOMAIN, NOW, SERVER, SRV_NAME, Site, World, redirect, survey_of


def opening(world: World) -> set[tuple[str, str]]:
    """The names and types that are asked before anything is known."""
    survey = Survey(domain=DOMAIN, policy=world.policy, labels=("xrandom",), started=NOW)
    return {(question.name, question.type.value) for question in plan(survey) if isinstance(question, DnsQuestion)}


@pytest.mark.parametrize("name", [DOMAIN, AUTODISCOVER, f"xrandom.{DOMAIN}", REMOTE])
def test_the_first_burst_asks_all_that_needs_no_answer(name: str) -> None:
    asked = opening(healthy("srv"))
    assert {(name, "A"), (name, "AAAA"), (SRV_NAME, "SRV")} <= asked


def test_every_resolver_of_every_view_is_asked() -> None:
    survey = survey_of(healthy("srv"))
    asked = {(each.view, each.resolver) for each in survey.lookups if each.name == AUTODISCOVER and not each.direct}
    assert asked == {("inside", "10.0.0.2"), ("outside", "192.0.2.53")}


def test_a_family_that_is_not_wanted_is_not_asked_for() -> None:
    assert not {type_ for _, type_ in opening(healthy("srv").with_policy(families=(Family.IPV4,)))} & {"AAAA"}


def test_addresses_behind_an_srv_target_are_asked_and_contacted() -> None:
    survey = survey_of(healthy("srv"))
    assert EndpointQuestion(REMOTE, SERVER, 443, Scheme.HTTPS) in survey.contacts


def test_views_share_a_connection() -> None:
    survey = survey_of(healthy("srv"))
    assert len([question for question in survey.contacts if question.address == APEX]) == 1


def test_other_ports_are_contacted_in_place_of_the_usual() -> None:
    survey = survey_of(healthy("redirect").with_policy(https_port=8443, http_port=8080))
    assert {(question.scheme.value, question.port) for question in survey.contacts} == {("https", 8443), ("http", 8080)}


def test_a_port_that_a_redirect_names_is_kept() -> None:
    hop = redirect(f"https://{REMOTE}:444/autodiscover/autodiscover.xml")
    world = healthy("redirect").site(
        incidents.REDIRECT_HOST, replace(healthy("redirect").sites[incidents.REDIRECT_HOST], http_answer=hop)
    )
    assert EndpointQuestion(REMOTE, SERVER, 444, Scheme.HTTPS) in survey_of(world).contacts


@pytest.mark.parametrize("step", [Step.ROOT, Step.AUTODISCOVER, Step.REDIRECT, Step.SRV])
def test_what_stands_at_a_skipped_step_is_looked_at_to_be_told(step: Step) -> None:
    names = {Step.ROOT: (DOMAIN, Scheme.HTTPS), Step.SRV: (REMOTE, Scheme.HTTPS)}
    name, scheme = names.get(step, (AUTODISCOVER, Scheme.HTTP if step is Step.REDIRECT else Scheme.HTTPS))
    world = incidents.row_1("srv").with_policy(skip_steps=(step,), servers=())
    assert [each for each in survey_of(world).contacts if (each.name, each.scheme) == (name, scheme)]


def test_a_view_that_is_not_connected_to_costs_no_connection() -> None:
    world = healthy("srv")
    off = tuple(replace(view, connect=False) for view in world.policy.views)
    assert not survey_of(world.with_policy(views=off)).contacts


def test_nothing_behind_a_cloud_name_is_contacted() -> None:
    assert {question.name for question in survey_of(healthy("exchange-online")).contacts} == {DOMAIN}
    assert CLOUD in str(survey_of(healthy("exchange-online")).lookups)


def test_a_thousand_addresses_are_not_all_contacted() -> None:
    many = [f"10.1.{index // 250}.{index % 250 + 1}" for index in range(1000)]
    survey = survey_of(healthy("host").zone(lambda zone: zone.with_(AUTODISCOVER, A, *many)))
    secure = [each for each in survey.contacts if each.name == AUTODISCOVER and each.scheme is Scheme.HTTPS]
    assert len(secure) == MAX_ADDRESSES
    assert judge(survey).summary


def test_a_thousand_srv_records_are_not_all_followed() -> None:
    records = tuple(Srv(index, 0, 443, f"host{index:04}.contoso.com") for index in range(1000))
    survey = survey_of(incidents.with_srv("srv", *records))
    followed = {each.name for each in survey.lookups if each.name.startswith("host")}
    assert followed == {f"host{index:04}.contoso.com" for index in range(MAX_TARGETS)}
    assert judge(survey).summary


def test_a_thousand_thousand_addresses_behind_a_thousand_records_have_an_end() -> None:
    many = [f"10.1.{index // 250}.{index % 250 + 1}" for index in range(1000)]
    records = tuple(Srv(index, 0, 443, f"host{index:04}.contoso.com") for index in range(1000))
    world = incidents.with_srv("srv", *records)
    for record in records[:MAX_TARGETS]:
        world = world.zone(lambda zone, name=record.target: zone.with_(name, A, *many))
    survey = survey_of(world)
    assert len(survey.contacts) <= (MAX_TARGETS + 1) * MAX_ADDRESSES + 10


def endless(survey: Survey, unfinished: bool) -> Survey:
    """A run against resolvers that answer every address question with one alias more."""
    count = 0
    while wanted := sorted(plan(survey) - set(survey.lookups) - set(survey.contacts), key=repr):
        for question in wanted:
            count += 1
            assert count < 4 * MAX_LOOKUPS, "the plan has no end"
            match question:
                case DnsQuestion(type=RecordType.A | RecordType.AAAA, name=name):
                    alias = f"a{count}.example" if unfinished else name
                    survey = survey.observed(question, DnsAnswer(DnsStatus.ANSWER, aliases=(alias,)))
                case DnsQuestion():
                    survey = survey.observed(question, DnsAnswer(DnsStatus.NODATA))
                case EndpointQuestion():
                    survey = survey.observed(question, Contact(Connect.REFUSED))
    return survey


@pytest.mark.parametrize("unfinished", [True, False])
def test_an_alias_chain_without_end_ends(unfinished: bool) -> None:
    start = Survey(domain=DOMAIN, policy=healthy("host").policy, labels=("xrandom",), started=NOW, ended=NOW)
    report = judge(endless(start, unfinished))
    assert report.state.value == "CRITICAL"


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_loop_of_aliases_is_a_name_without_an_address(length: int) -> None:
    names = [AUTODISCOVER, *(f"loop{index}.contoso.com" for index in range(1, length))]
    world = healthy("host").zone(lambda zone: zone.without(AUTODISCOVER))
    for name, alias in zip(names, (*names[1:], AUTODISCOVER), strict=True):
        world = world.zone(lambda zone, name=name, alias=alias: zone.with_(name, "CNAME", alias))
    report = judge(survey_of(world))
    assert {walk.outcome.value for walk in report.walks if walk.judged} == {"nothing"}
    assert report.state.value == "CRITICAL"


def test_an_alias_that_a_resolver_did_not_finish_is_followed_to_its_end() -> None:
    world = healthy("host")
    survey = Survey(domain=DOMAIN, policy=world.policy, labels=("xrandom",), started=NOW, ended=NOW)
    while wanted := plan(survey) - set(survey.lookups) - set(survey.contacts):
        for question in wanted:
            match question:
                case DnsQuestion(name=name, type=RecordType.A) if name == AUTODISCOVER:
                    survey = survey.observed(question, DnsAnswer(DnsStatus.ANSWER, aliases=("far.example",)))
                case DnsQuestion(name="far.example", type=RecordType.A):
                    survey = survey.observed(question, DnsAnswer(DnsStatus.ANSWER, (SERVER,)))
                case DnsQuestion(view=view, name=name, type=type_):
                    survey = survey.observed(question, world.zones[view].answer(name, type_))
                case EndpointQuestion(address=address):
                    site = world.sites[address] if address in world.sites else Site()
                    survey = survey.observed(question, site.contact(question))
    assert judge(survey).state.value == "OK"


def test_servfail_for_the_domain_asks_the_control_question() -> None:
    survey = survey_of(incidents.row_43("host"))
    assert DnsQuestion("inside", "10.0.0.2", "", RecordType.NS) in survey.lookups
    assert "" not in {question.name for question in survey_of(healthy("host")).lookups}


def test_addresses_beyond_those_that_are_contacted_are_told() -> None:
    many = tuple(f"203.0.113.{number}" for number in range(100, 101 + MAX_ADDRESSES))
    world = healthy("srv").zone(lambda zone: zone.with_(REMOTE, A, *many))
    told = f"outside: {MAX_ADDRESSES} of the {len(many)} addresses of {REMOTE} were contacted"
    assert told in judge(survey_of(world)).notes


def test_srv_targets_beyond_those_that_are_looked_at_are_told() -> None:
    records = tuple(Srv(number, 0, 443, f"t{number}.contoso.com") for number in range(MAX_TARGETS + 1))
    world = healthy("srv").zone(lambda zone: zone.with_(SRV_NAME, RecordType.SRV, *records))
    told = f"outside: {MAX_TARGETS} of the {len(records)} SRV targets were looked at, those that are taken first"
    assert told in judge(survey_of(world)).notes
