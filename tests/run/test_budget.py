"""The connections of one check: bounded in all, to a name and to an address, spent in the order of the walk, told."""

import asyncio
from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.checker.checker import conduct
from check_autodiscover.checker.loop import Probes
from check_autodiscover.core.analysis.plan import MOST_CONNECTIONS, MOST_TO_ADDRESS, MOST_TO_HOST, ConnectionBudget
from check_autodiscover.core.model.observations import (
    Connect,
    Contact,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    Exchange,
    HttpAnswer,
    RecordType,
    Scheme,
    Srv,
)
from check_autodiscover.core.model.policy import Resolver
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import State
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.verdict.judge import judge
from tests.core import incidents
from tests.core.worlds import DOMAIN, NOW


class FanOut:
    """Sixteen addresses a name, eight SRV targets, and a redirect to another name from each place that is asked."""

    def __init__(self) -> None:
        self.asked: list[EndpointQuestion] = []

    async def probe_dns(self, question: DnsQuestion, resolver: Resolver, give_up_at: float) -> DnsAnswer:
        await asyncio.sleep(0)
        if question.name.startswith("xrandom"):
            return DnsAnswer(DnsStatus.NXDOMAIN)
        if question.type is RecordType.SRV:
            targets = tuple(Srv(0, 0, 443, f"srv{number}.{DOMAIN}") for number in range(40))
            return DnsAnswer(DnsStatus.ANSWER, services=targets)
        if question.type is RecordType.A:
            kind = sum(question.name.encode()) % 200
            return DnsAnswer(DnsStatus.ANSWER, addresses=tuple(f"198.51.{kind}.{last}" for last in range(1, 65)))
        return DnsAnswer(DnsStatus.NODATA)

    async def probe_endpoint(self, question: EndpointQuestion, give_up_at: float) -> Contact:
        self.asked.append(question)
        await asyncio.sleep(0)
        place = f"http://hop{len(self.asked)}.{DOMAIN}/autodiscover/autodiscover.xml"
        answer = HttpAnswer("GET", Exchange.ANSWERED, 302, headers=(("location", place),))
        return Contact(Connect.CONNECTED, None, (answer,))


def _checked(server: str = "") -> tuple[FanOut, Survey, Report]:
    world = incidents.healthy("srv")
    policy = replace(world.policy, servers=(server,) if server else ())
    fan_out = FanOut()
    start = Survey(domain=DOMAIN, policy=policy, labels=("xrandom",), started=NOW)
    survey = asyncio.run(conduct(start, Probes(fan_out, fan_out)))
    return fan_out, survey, judge(survey, NOW)


def test_records_and_redirects_that_multiply_cost_no_more_than_the_budget() -> None:
    fan_out, survey, report = _checked()
    assert len(fan_out.asked) <= MOST_CONNECTIONS
    assert max(Counter(question.name for question in fan_out.asked).values()) <= MOST_TO_HOST
    assert max(Counter(question.address for question in fan_out.asked).values()) <= MOST_TO_ADDRESS
    left = sum(contact.connect is Connect.OVER_BUDGET for contact in survey.contacts.values())
    assert left >= 80
    told = [note for note in report.notes if note.startswith(f"{left} more connections were wanted and not made")]
    assert len(told) == 1
    assert not survey.unfinished


def test_what_was_not_contacted_is_never_fine() -> None:
    _, survey, report = _checked(f"mail.{DOMAIN}")
    found = {grade.finding.rule: grade.severity for grade in report.roots}
    assert report.state is not State.OK
    assert found.get("check-out-of-resources", State.UNKNOWN) is State.UNKNOWN
    assert Connect.OVER_BUDGET in {contact.connect for contact in survey.contacts.values()}


def test_the_first_places_of_the_walk_have_their_connections() -> None:
    fan_out, _, _ = _checked()
    first = [question for question in fan_out.asked if question.name == DOMAIN and question.scheme is Scheme.HTTPS]
    assert len(first) == 16


QUESTIONS = st.builds(
    lambda host, address: EndpointQuestion(f"h{host}.example", f"192.0.2.{address}", 443, Scheme.HTTPS, "/"),
    st.integers(0, 6),
    st.integers(0, 6),
)


@given(st.lists(QUESTIONS, max_size=400))
def test_a_connection_is_refused_where_and_only_where_a_limit_is_reached(questions: list[EndpointQuestion]) -> None:
    budget = ConnectionBudget()
    made: list[EndpointQuestion] = []
    for question in questions:
        same_host = sum(each.name == question.name for each in made)
        same_address = sum(each.address == question.address for each in made)
        room = len(made) < MOST_CONNECTIONS and same_host < MOST_TO_HOST and same_address < MOST_TO_ADDRESS
        assert budget.spend(question) == room
        if room:
            made.append(question)
