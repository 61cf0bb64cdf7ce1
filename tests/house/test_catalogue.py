"""The catalogue is complete: each rule has its words, its page, and a world that raises it."""

import re

import pytest

from check_autodiscover.core.model.finding import Finding
from check_autodiscover.core.model.metrics import METRICS
from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.rules.catalogue import CATALOGUE, RULES
from check_autodiscover.core.rules.rule import Rule
from check_autodiscover.core.verdict.grading import case_of
from check_autodiscover.core.verdict.judge import assemble, findings_of
from check_autodiscover.core.verdict.wording import fill
from check_autodiscover.output.rule_pages import page_of
from tests.house.rule_worlds import surveys

RELEASED = """
check-internal-error check-method-undetermined check-network-denied check-out-of-resources check-report-stale
check-timed-out
dns-address-unexpected dns-alias-unexpected dns-authority-inconsistent dns-dnssec-bogus dns-domain-unresolvable
dns-host-record-missing dns-inside-zone-extra-records dns-lookup-failed dns-nxdomain-rewritten dns-parent-exposed
dns-servers-disagree dns-srv-missing dns-srv-port dns-srv-shadowed dns-srv-target-alias dns-srv-target-missing
dns-srv-targets-several dns-srv-unexpected dns-stale-answer dns-unwanted-host-record dns-views-disagree
dns-wildcard-captures-autodiscover dns-wildcard-captures-srv dns-wildcard-present
certificate-addresses-differ certificate-chain-incomplete certificate-common-name-only certificate-expired
certificate-expiring certificate-foreign certificate-intercepted certificate-name-mismatch certificate-not-yet-valid
certificate-self-signed
certificate-revoked certificate-unexpected certificate-unreadable certificate-untrusted certificate-weak
service-address-unreachable service-broken service-client-certificate-demanded service-client-certificate-suspected
service-foreign-login service-foreign-settings service-login-interrupted service-no-authentication
service-not-autodiscover
service-redirect-address service-redirect-invalid service-redirect-loop service-slow-candidate service-tls-failed
service-unreachable service-xml-error
directory-scp-missing directory-scp-name-mismatch directory-scp-unexpected directory-scp-unreachable
directory-unavailable
client-asks-consent client-finds-nothing client-warned
drift-baseline-missing drift-certificate-names-lost drift-certificate-renewed drift-certificate-replaced
drift-delegation drift-record drift-walk-changed drift-wildcard-appeared drift-wildcard-gone
"""
"""The IDs that users have in alerts and configuration: none of them may go."""

RESERVED = """
"""
"""IDs that are decided and not built: a new rule takes its name from here, or is decided first."""

RAISED_ELSEWHERE = {
    "check-internal-error": "the plugin and the exporter raise it, for a bug of ours",
    "check-report-stale": "a report turns into it by its age: tests/core/test_staleness.py",
}

GRAMMAR = re.compile(r"(check|dns|certificate|service|directory|client|drift)(-[a-z0-9]+)+")
FIELD = re.compile(r"\{(\w+)\}")

by_id = pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.id)


def pairs() -> list[tuple[Survey, Finding]]:
    """Every finding of every survey."""
    return [(survey, finding) for survey in surveys() for finding in findings_of(assemble(survey, survey.ended))]


@pytest.fixture(scope="module")
def findings() -> list[tuple[Survey, Finding]]:
    return pairs()


def test_no_id_is_lost_or_invented() -> None:
    assert len(RULES) == len(CATALOGUE)
    assert set(RELEASED.split()) - set(RULES) == set()
    assert set(RULES) - set(RELEASED.split()) - set(RESERVED.split()) == set()


@by_id
def test_an_id_is_an_area_and_what_is_so_in_kebab_case(rule: Rule) -> None:
    assert GRAMMAR.fullmatch(rule.id)


@by_id
def test_a_rule_has_its_words_and_its_page(rule: Rule) -> None:
    assert rule.title
    assert rule.sentence
    assert rule.remedy
    assert page_of(rule.id).startswith("## What it means\n")


@by_id
def test_a_template_is_a_sentence_whose_brackets_and_braces_are_closed(rule: Rule) -> None:
    for template in (
        rule.sentence,
        rule.remedy,
        *(text for case in rule.cases for text in (case.sentence, case.remedy)),
    ):
        named = dict.fromkeys(FIELD.findall(template), "x")
        assert not set(fill(template, named)) & set("{}[]"), template


def test_a_page_is_asked_for_by_an_id_of_the_catalogue_alone() -> None:
    with pytest.raises(KeyError):
        page_of("../catalogue")


def test_every_rule_is_raised_by_a_world_or_named_as_raised_elsewhere(findings: list[tuple[Survey, Finding]]) -> None:
    raised = {finding.rule for _, finding in findings}
    assert set(RULES) - raised == set(RAISED_ELSEWHERE)


def test_every_finding_supplies_what_its_sentence_and_remedy_ask_for(findings: list[tuple[Survey, Finding]]) -> None:
    lacking = {
        (finding.rule, template)
        for _, finding in findings
        for template in templates(finding)
        if set(FIELD.findall(template)) - {"subject", "where"} - {name for name, _ in finding.args}
    }
    assert lacking == set()


def templates(finding: Finding) -> list[str]:
    """The templates that a finding may be put into, under any method."""
    rule = RULES[finding.rule]
    cases = [case for method in Method if (case := case_of(finding, method)) and case.sentence]
    remedies = [case.remedy for case in rule.cases if case.remedy and finding.arg(case.arg)][:1] or [rule.remedy]
    return [*remedies, *(case.sentence for case in cases), *(() if len(cases) == len(Method) else (rule.sentence,))]


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_named_as_prometheus_names_them(name: str) -> None:
    assert re.fullmatch(r"(probe|autodiscover)(_[a-z0-9]+)+", name)
    assert not name.endswith(("_total", "_count", "_sum", "_bucket", "_milliseconds", "_days"))
    assert ("duration" in name or "timestamp" in name or "timeout" in name) == name.endswith("_seconds")
    assert METRICS[name].endswith(".")
