"""Every world comes to the verdict it promises, by the plugin's options and by the exporter's configuration."""

import asyncio
import json

import pytest
from publicsuffixlist import PublicSuffixList

from check_autodiscover.checker.checker import survey_domain
from check_autodiscover.config.commandline import parse_arguments
from check_autodiscover.config.file import load_configuration
from check_autodiscover.core.model.states import State
from check_autodiscover.core.model.survey import survey_to_json
from check_autodiscover.core.redaction.fields import difference, redact
from check_autodiscover.core.verdict.judge import judge
from check_autodiscover.lab.running import running
from check_autodiscover.lab.world import World
from check_autodiscover.lab.worlds import WORLDS, world_named

SUFFIXES = PublicSuffixList()


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_a_world_comes_to_its_verdict_and_tells_no_name_where_it_must_not(world: World) -> None:
    with running(world) as lab:
        arguments = parse_arguments(lab.command)
        survey = asyncio.run(survey_domain(arguments.domain, arguments.policy, arguments.trust))
    report = judge(survey)
    roots = [root.finding.rule for root in report.roots if root.severity is not State.OK]
    assert (report.state, roots[:1]) == (world.verdict.state, [world.verdict.root] if world.verdict.root else [])
    hidden = redact(survey, lambda name: SUFFIXES.publicsuffix(name) or "")
    assert difference(report, judge(hidden)) == ""
    assert "contoso" not in json.dumps(survey_to_json(hidden))


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("one-resolver-dead", "did not answer; the view's others did"),
        ("not-connected", "outside: its addresses were not connected to"),
        ("healthy-srv", "outlook-2007, which is not judged, finds nothing inside and outside"),
        ("healthy-san", "and open a mailbox there if the account has one"),
        ("panel-beside-cloud", "has a hosting panel's certificate (cpanel.contoso.com)"),
        ("root-skipped", "inside and outside: clients skip root"),
    ],
)
def test_what_was_not_looked_at_or_may_be_otherwise_is_said_where_all_is_well(name: str, note: str) -> None:
    with running(world_named(name)) as lab:
        arguments = parse_arguments(lab.command)
        report = judge(asyncio.run(survey_domain(arguments.domain, arguments.policy, arguments.trust)))
    assert note in "\n".join(report.notes)


@pytest.mark.parametrize(
    "name",
    [
        "scenario-1-host-record",
        "fault-accepted-inside",
        "not-connected",
        "one-resolver-dead",
        "root-skipped",
        "old-outlook",
    ],
)
def test_the_exporters_configuration_declares_what_the_plugins_options_do(name: str) -> None:
    with running(world_named(name)) as lab:
        by_options = parse_arguments(lab.command)
        by_file = load_configuration(str(lab.configuration)).settled()
    assert by_file.policy == by_options.policy
    assert by_file.trust == by_options.trust


def test_the_exporters_configuration_can_be_added_to_by_hand() -> None:
    with running(world_named("scenario-1-host-record")) as lab:
        with lab.configuration.open("a", encoding="utf-8") as file:
            file.write("  fabrikam.com: {}\n")
        assert list(load_configuration(str(lab.configuration)).domains) == ["contoso.com", "fabrikam.com"]
