import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from check_autodiscover.core.model.certificate import Certificate, UnreadableCertificate
from check_autodiscover.core.model.observations import (
    Connect,
    ConnectionPoint,
    Contact,
    DirectoryAnswer,
    DirectoryQuestion,
    DirectoryStatus,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    Exchange,
    Handshake,
    HttpAnswer,
    RecordType,
    Scheme,
    Srv,
    Tls,
    VerifyError,
)
from check_autodiscover.core.model.policy import Directory, Policy, Resolver, View
from check_autodiscover.core.model.states import SeverityOverride
from check_autodiscover.core.model.survey import SCHEMA, Survey, SurveyFormatError, survey_from_json, survey_to_json

LOOKUP = DnsQuestion("outside", "192.0.2.53", "_autodiscover._tcp.contoso.com", RecordType.SRV)
ENDPOINT = EndpointQuestion("remote.contoso.com", "203.0.113.10", 443, Scheme.HTTPS)
READING = DirectoryQuestion("ldaps://dc1.contoso.com", login=True)
CERTIFICATE = Certificate(
    fingerprint="aa",
    public_key="bb",
    subject="CN=remote.contoso.com",
    common_name="remote.contoso.com",
    issuer="CN=CA",
    issuer_common_name="CA",
    issuer_organization="",
    not_before=0,
    not_after=1,
    dns_names=("remote.contoso.com",),
)
SURVEY = Survey(
    domain="contoso.com",
    policy=Policy(views=(View("outside", (Resolver("192.0.2.53"),)),), directory=Directory(READING.ldap_url, "Here")),
    labels=("q1w2e3",),
    started=1.5,
    lookups={LOOKUP: DnsAnswer(DnsStatus.ANSWER, services=(Srv(1, 10, 443, "remote.contoso.com"),), ttl=60)},
    contacts={
        ENDPOINT: Contact(
            Connect.CONNECTED,
            Tls(
                Handshake.ESTABLISHED,
                chain=(CERTIFICATE, UnreadableCertificate("cc", "broken")),
                errors=(VerifyError(20, 0),),
            ),
            (HttpAnswer("GET", Exchange.ANSWERED, 401, (("www-authenticate", "NTLM"),)),),
        )
    },
    directories={
        READING: DirectoryAnswer(
            DirectoryStatus.ANSWER, (ConnectionPoint("CN=EX1", ("Site=Here",), ("https://ex1/",)),)
        )
    },
    unfinished=frozenset({ENDPOINT, LOOKUP, READING}),
)

st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
st.register_type_strategy(int, st.integers(min_value=-(2**63), max_value=2**63))
MOMENTS = st.floats(min_value=0, max_value=2e11)
DAYS = st.just("") | st.dates().map(lambda day: day.isoformat())
st.register_type_strategy(SeverityOverride, st.builds(SeverityOverride, until=DAYS))


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(st.builds(Survey, schema=st.just(SCHEMA), started=MOMENTS, ended=MOMENTS))
def test_a_survey_comes_back_from_json_text_as_it_was(survey: Survey) -> None:
    document = survey_to_json(survey)
    text = json.dumps(document, allow_nan=False)
    assert document == json.loads(text)
    assert survey == survey_from_json(json.loads(text))


def test_a_survey_with_everything_in_it_comes_back() -> None:
    assert survey_from_json(json.loads(json.dumps(survey_to_json(SURVEY)))) == SURVEY


def test_the_text_does_not_depend_on_the_order_of_the_observations() -> None:
    questions = [DnsQuestion("outside", "system", f"{label}.contoso.com", RecordType.A) for label in "cab"]
    answer = DnsAnswer(DnsStatus.NXDOMAIN)
    texts = set()
    for order in (questions, questions[::-1]):
        survey = Survey(
            domain="contoso.com",
            policy=SURVEY.policy,
            labels=(),
            started=0.0,
            lookups=dict.fromkeys(order, answer),
            unfinished=frozenset(order),
        )
        texts.add(json.dumps(survey_to_json(survey)))
    assert len(texts) == 1
    names = [row["question"]["name"] for row in json.loads(texts.pop())["lookups"]]
    assert names == ["a.contoso.com", "b.contoso.com", "c.contoso.com"]


Fault = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda survey: survey.pop("domain"), "$.domain: it is missing"),
        (lambda survey: survey.update(future=1), "$: unknown: future"),
        (lambda survey: survey.update(domain=3), "$.domain: expected str"),
        (lambda survey: survey.update(labels="abc"), "$.labels: expected a list"),
        (lambda survey: survey.update(labels=["a", 7]), "$.labels[1]: expected str"),
        (lambda survey: survey.update(policy=[]), "$.policy: expected an object"),
        (lambda survey: survey.update(lookups=[3]), "$.lookups[0]: expected an object"),
        (lambda survey: survey.update(unfinished=[3]), "$.unfinished[0]: expected an object"),
        (lambda survey: survey["lookups"][0].pop("answer"), "$.lookups[0].answer: it is missing"),
        (
            lambda survey: survey["lookups"][0]["answer"].update(status="perhaps"),
            "$.lookups[0].answer.status: 'perhaps' is not a valid DnsStatus",
        ),
        (
            lambda survey: survey["contacts"][0]["question"].update(port=True),
            "$.contacts[0].question.port: expected int",
        ),
        (
            lambda survey: survey["contacts"][0]["answer"]["tls"]["chain"][0].update(not_after="soon"),
            "$.contacts[0].answer.tls.chain[0].not_after: expected int",
        ),
        (
            lambda survey: survey["contacts"][0]["answer"]["answers"][0].update(headers=[["alone"]]),
            "$.contacts[0].answer.answers[0].headers[0]: expected 2 items",
        ),
        (
            lambda survey: survey["contacts"].append(survey["contacts"][0]),
            "$.contacts: a question stands in it twice",
        ),
        (
            lambda survey: survey["policy"].update(
                severities=[{"rule": "dns-srv-port", "state": "OK", "until": "next week"}]
            ),
            "$.policy.severities[0]: 'next week' is no day: it is YYYY-MM-DD, as in 2027-01-31",
        ),
        (lambda survey: survey.update(schema=99), "$.schema: a newer program wrote version 99; this one reads 1"),
        (lambda survey: survey.update(schema="1"), "$.schema: this program reads version 1, not '1'"),
        (lambda survey: survey.update(schema=True), "$.schema: expected int"),
        (
            lambda survey: survey.update(survey={}),
            "$: this is a report; its member `survey` is what can be judged again",
        ),
        (lambda survey: survey.update(started=1e300), "$.started: a moment outside the calendar"),
        (lambda survey: survey.update(ended=-1), "$.ended: a moment outside the calendar"),
        (lambda survey: survey.update(ended=10**400), "$.ended: a number out of range"),
        (lambda survey: survey.pop("schema"), "$.schema: this program reads version 1, not None"),
    ],
)
def test_a_fault_is_one_line_that_names_its_place(fault: Fault, message: str) -> None:
    document = survey_to_json(SURVEY)
    fault(document)
    with pytest.raises(SurveyFormatError) as raised:
        survey_from_json(document)
    assert message == str(raised.value)


def test_hostile_keys_leave_one_short_line() -> None:
    with pytest.raises(SurveyFormatError) as raised:
        survey_from_json({**survey_to_json(SURVEY), "a\nb" * 1000: 1})
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 250


def test_what_is_no_object_is_no_survey() -> None:
    with pytest.raises(SurveyFormatError, match="object"):
        survey_from_json([])  # type: ignore[arg-type]  # that is what is tried
