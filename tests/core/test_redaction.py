"""A redacted survey tells nobody's name, and is judged as the one that it was made of."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from types import UnionType
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from check_autodiscover.core.model.certificate import Certificate
from check_autodiscover.core.model.observations import Contact, EndpointQuestion, HttpAnswer
from check_autodiscover.core.model.policy import Directory, Expectations, Expected, Resolver, Transport, View
from check_autodiscover.core.model.states import SeverityOverride, State
from check_autodiscover.core.model.survey import Survey, survey_from_json, survey_to_json
from check_autodiscover.core.redaction.fields import RULES, Unruled, difference, hide_fields, redact
from check_autodiscover.core.redaction.pseudonyms import KEPT_LABELS, WELL_KNOWN_LABELS, WORDS
from check_autodiscover.core.verdict.judge import judge
from tests.core import incidents
from tests.core.arbitrary import survey_from
from tests.core.suffixes import SUFFIXES, suffix_of
from tests.core.test_incidents import SINGLE_CELLS, cells
from tests.core.worlds import AUTODISCOVER, PAGE, SERVER, Site, World, certificate, redirect, survey_of
from tests.house.rule_worlds import surveys

SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def redacted(survey: Survey) -> Survey:
    return redact(survey, suffix_of)


def assert_same_verdict(survey: Survey) -> None:
    before, after = judge(survey), judge(redacted(survey))
    assert difference(before, after) == "", (before.summary, after.summary)


@pytest.mark.parametrize(("row", "method", "_"), cells())
def test_every_incident_is_judged_alike_without_names(row: str, method: str, _: str) -> None:
    assert_same_verdict(survey_of(getattr(incidents, row)(method)))


@pytest.mark.parametrize("world", [world for world, _ in SINGLE_CELLS])
def test_every_variant_of_an_incident_is_judged_alike_without_names(world: World) -> None:
    assert_same_verdict(survey_of(world))


def test_every_rule_is_found_alike_without_names() -> None:
    for survey in surveys():
        assert_same_verdict(survey)


@QUICK
@given(SEEDS)
def test_whatever_is_observed_is_judged_alike_without_names(seed: int) -> None:
    assert_same_verdict(survey_from(seed))


@QUICK
@given(SEEDS)
def test_a_redacted_survey_goes_through_json_and_is_redacted_to_the_same_verdict_again(seed: int) -> None:
    once = redacted(survey_from(seed))
    assert survey_from_json(json.loads(json.dumps(survey_to_json(once)))) == once
    assert_same_verdict(once)


def texts(value: Any) -> Iterator[str]:
    """All text of a document but its keys."""
    match value:
        case dict():
            for item in value.values():
                yield from texts(item)
        case list():
            for item in value:
                yield from texts(item)
        case str():
            yield value


def pieces(survey: Survey) -> set[str]:
    """Every text of a survey, and every label, word and address in one."""
    found = set(texts(survey_to_json(survey)))
    # The text of a baseline is a document in the document.
    whole = {text for text in found if not text.startswith("{")}
    return whole | {piece.lower() for text in found for piece in re.split(r"[^\w:-]+|(?<=[a-z]):", text)}


OURS = frozenset(
    {"/", "/autodiscover/autodiscover.xml", "/owa/", "2006", "a", "aaaa", "alert", "autodiscover", "autodiscover.com"}
    | {"autodiscover.outlook.com", "basic", "certificate", "cn", "cname", "com:443", "com:8443", "critical"}
    | {
        "dc1",
        "get",
        "hidden",
        "http",
        "http:",
        "https",
        "https:",
        "https://autodiscover.outlook.com/autodiscover/autodiscover.xml",
    }
    | {"ldaps:", "location", "microsoft", "mx", "negotiate", "no", "no certificate", "ns", "ntlm", "outlook.com"}
    | {
        "owa",
        "post",
        "required",
        "responseschema",
        "retry-after",
        "rsa",
        "schemas",
        "soa",
        "srv",
        "text",
        "ldaps",
        "ldap",
        "local",
        "77378f46-2c66-4aa9-a6a6-3e7a48b19596",
    }
    | {"tls-1", "tlsv1", "tlsv1.3", "tlsv13", "tlsv13 alert certificate required", "udp", "version", "www-authenticate"}
    | {"x-feserver", "xml", "xmlns"}
)
OURS |= {"accepted", "address", "alias", "at", "catch_alls", "certificates", "configured", "domain", "issuer"}
OURS |= {"asks-consent", "key_type", "kind", "method", "multi-name", "name_servers", "names", "pool", "public_key"}
OURS |= {"records", "schema", "single-name", "true", "false", "views", "walks", "warned", "wildcard", "nothing", "ec"}
OURS |= {"ldaps", "ldap", "local", "77378f46-2c66-4aa9-a6a6-3e7a48b19596"}
"""What stands in every survey, or is Microsoft's."""


NUMBER = re.compile(r":|\d+|\d{4}-\d\d-\d\dt00:00:00z|", re.IGNORECASE)


def closed(type_: Any) -> set[str]:
    """The values of every enumeration in a type, and their words."""
    found = {str(member.value) for each in types_in(type_) if hasattr(each, "__members__") for member in each}
    return {piece for text in found for piece in (text, *re.split(r"[^\w:-]+", text))}


def types_in(type_: Any, seen: set[Any] | None = None) -> set[Any]:
    """A type, and all types of its fields and items."""
    seen = set() if seen is None else seen
    if type_ in seen:
        return seen
    seen.add(type_)
    inner = get_type_hints(type_).values() if is_dataclass(type_) else get_args(type_)
    for each in inner:
        types_in(each, seen)
    return seen


KEPT = OURS | WORDS | closed(Survey) | KEPT_LABELS | WELL_KNOWN_LABELS | SUFFIXES
KEPT |= {"account", "action", "error", "errorcode", "protocol", "redirectaddr", "redirecturl", "response"}
KEPT |= {"inside", "outside", "default", "co", "uk", "autodiscover.json", "json", "/autodiscover/autodiscover.json"}


def not_kept(piece: str) -> bool:
    words = piece.lower().split()
    return piece.lower() not in KEPT and not NUMBER.fullmatch(piece) and not (words[1:] and KEPT.issuperset(words))


@pytest.mark.parametrize(("row", "method", "_"), cells())
def test_no_label_address_or_fingerprint_of_an_incident_is_left(row: str, method: str, _: str) -> None:
    survey = survey_of(getattr(incidents, row)(method))
    left = pieces(survey) & pieces(redacted(survey))
    assert {piece for piece in left if not_kept(piece)} == set()


def test_no_label_address_or_fingerprint_of_any_rules_world_is_left() -> None:
    for survey in surveys():
        left = pieces(survey) & pieces(redacted(survey))
        assert {piece for piece in left if not_kept(piece)} == set()


SECRET = "secretive"


def with_secrets() -> Survey:
    """A survey that holds one word wherever somebody may have put it."""
    survey = survey_of(incidents.row_1("srv"))
    policy = replace(
        survey.policy,
        views=(
            *survey.policy.views,
            View("lan", (Resolver(f"dns.{SECRET}.net", 8443, Transport.HTTPS, f"{SECRET}.net", f"/{SECRET}"),)),
        ),
        directory=Directory(f"ldaps://dc.{SECRET}.com/DC={SECRET}", SECRET, f"{SECRET}@{SECRET}.com", f"/etc/{SECRET}"),
        user_agent=SECRET,
        severities=(SeverityOverride("dns-srv-missing", State.OK, reason=SECRET),),
        expect=replace(
            survey.policy.expect,
            srv=(Expected(f"{SECRET}.com:443"),),
            aliases=(Expected(f"{SECRET}.com"),),
            wildcards=(Expected(f"*.{SECRET}.com"),),
            issuers=(SECRET.upper(),),
            scp=(f"https://{SECRET}.com/autodiscover/autodiscover.xml",),
        ),
    )
    contacts = {
        question: replace(contact, answers=tuple(map(told, contact.answers)))
        for question, contact in survey.contacts.items()
    }
    return replace(survey, policy=policy, anchors=(f"/etc/ssl/{SECRET}.pem",), contacts=contacts)


def told(answer: HttpAnswer) -> HttpAnswer:
    headers = (("x-feserver", SECRET), ("server", SECRET), ("set-cookie", SECRET), ("www-authenticate", SECRET))
    location = ("location", f"https://{SECRET}:{SECRET}@{SECRET}.com/{SECRET}?{SECRET}")
    return replace(answer, headers=(*answer.headers, *headers, location), body=SECRET, detail=f"220 {SECRET}.com ESMTP")


def test_a_word_is_nowhere_left_wherever_it_stood() -> None:
    survey = with_secrets()
    assert json.dumps(survey_to_json(survey)).lower().count(SECRET) > 30
    assert SECRET not in json.dumps(survey_to_json(redacted(survey))).lower()


def ruled(type_: Any) -> Iterator[str]:
    """The fields of a class that hold text, whether themselves or in tuples, but for what has fields of its own.

    What is worked out from the others is hidden with them.
    """
    given = {field.name for field in fields(type_) if field.init}
    for name, hint in get_type_hints(type_).items():
        if name in given and holds_text(hint):
            yield name


def holds_text(hint: Any) -> bool:
    if hint is str:
        return True
    return any(holds_text(each) for each in get_args(hint)) if not isinstance(hint, UnionType) else False


BY_ANSWERS = {"headers", "body", "detail"}
"""Fields of an HTTP answer that `hide_answer` rules, as they depend on one another."""

INHERITED = {(Expected, "value")}
"""Fields whose rule is that of the field in which their object stands."""


@pytest.mark.parametrize("type_", sorted((each for each in types_in(Survey) if is_dataclass(each)), key=str))
def test_somebody_has_said_of_every_text_whether_it_tells_a_name(type_: type) -> None:
    wanted = {name for name in ruled(type_) if (type_, name) not in INHERITED}
    wanted -= BY_ANSWERS if type_ is HttpAnswer else set()
    assert wanted - RULES.get(type_, {}).keys() == set(), "say in core/redaction/fields.py how these are hidden"
    assert RULES.get(type_, {}).keys() <= {field.name for field in fields(type_)}


def test_a_text_without_a_rule_is_not_written() -> None:
    with pytest.raises(Unruled):
        hide_fields(lambda _, text: text, Expected("contoso.com"))
    with pytest.raises(Unruled):
        hide_fields(lambda _, text: text, PAGE)


def leaf(survey: Survey, address: str) -> Certificate:
    """The certificate that was presented at an address."""
    chains = [
        contact.tls.chain
        for question, contact in survey.contacts.items()
        if question.address == address and contact.tls and contact.tls.chain
    ]
    presented = chains[0][0]
    assert isinstance(presented, Certificate)
    return presented


def at(survey: Survey, name: str) -> str:
    """The address at which a name was contacted."""
    return next(question.address for question in survey.contacts if question.name == name)


def test_a_misspelt_name_on_a_certificate_is_told_as_such_still() -> None:
    world = incidents.healthy("srv").site(SERVER, Site(certificate("remote.contsoo.com")))
    after = judge(redacted(survey_of(world)))
    mismatch = next(item.finding for item in after.judgements if item.finding.rule == "certificate-name-mismatch")
    assert mismatch.arg("near")
    assert mismatch.arg("near") != mismatch.subject


def test_an_expected_issuer_is_the_one_still_whatever_its_case() -> None:
    expect = Expectations(issuers=("EXAMPLE ca",))
    survey = survey_of(incidents.healthy("host").with_policy(expect=expect))
    after = redacted(survey)
    presented = leaf(after, at(after, redacted_name(survey, after, AUTODISCOVER)))
    assert (presented.issuer_common_name,) == after.policy.expect.issuers


def redacted_name(before: Survey, after: Survey, name: str) -> str:
    """The pseudonym of a name below the domain, whose first label is kept."""
    return name.removesuffix(before.domain) + after.domain


def test_a_redirect_leads_to_the_host_that_it_led_to() -> None:
    path = "/Autodiscover/tenant-42/autodiscover.xml?customer=contoso"
    world = incidents.healthy("redirect")
    hop = replace(world.sites[incidents.REDIRECT_HOST], http_answer=redirect(f"https://{incidents.REMOTE}:443{path}"))
    survey = survey_of(world.site(incidents.REDIRECT_HOST, hop))
    after = redacted(survey)
    assert_same_verdict(survey)
    assert "tenant" not in json.dumps(survey_to_json(after))
    assert locations(after.contacts) == {f"https://remote.{after.domain}:443/autodiscover/p1/autodiscover.xml"}


def locations(contacts: Mapping[EndpointQuestion, Contact]) -> set[str]:
    return {value for contact in contacts.values() for answer in contact.answers for value in answer.header("location")}
