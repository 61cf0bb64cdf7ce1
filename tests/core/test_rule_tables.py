"""No rule of the catalogue goes without a world that raises it and one that does not."""

import pytest

from check_autodiscover.core.rules.catalogue import CATALOGUE
from tests.core import (
    test_interception,
    test_rule_certificates,
    test_rule_clients,
    test_rule_directory,
    test_rule_drift,
    test_rule_host_records,
    test_rule_lookups,
    test_rule_services,
    test_rule_srv_records,
    test_rule_zones,
)

TABLES = (
    test_interception,
    test_rule_certificates,
    test_rule_clients,
    test_rule_drift,
    test_rule_directory,
    test_rule_host_records,
    test_rule_lookups,
    test_rule_services,
    test_rule_srv_records,
    test_rule_zones,
)
ELSEWHERE = {
    "check-internal-error": "raised by front ends, not by a survey",
    "check-report-stale": "a report turns into it by its age: test_staleness",
    "dns-parent-exposed": "needs parents in the survey: a test of its own beside the tables",
    "dns-views-disagree": "stands in no one view: a test of its own beside the tables",
}
RAISED = {told.rule for module in TABLES for _, told in module.RAISED.values()}
SILENT = {rule for module in TABLES for rule in module.SILENT}


@pytest.mark.parametrize("rule", [rule.id for rule in CATALOGUE if rule.id not in ELSEWHERE])
def test_each_rule_has_worlds_that_raise_it_and_worlds_that_do_not(rule: str) -> None:
    assert rule in RAISED
    assert rule in SILENT
