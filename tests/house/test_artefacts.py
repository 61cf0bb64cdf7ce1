"""What is shipped beside the programs: committed files are the generators', and nothing of a program is left out."""

import json
import re

import pytest
import yaml

from artefacts.generate import FAMILIES, FOLDER, artefacts
from artefacts.icinga2_names import variable
from artefacts.programs import programs, subcommands
from check_autodiscover.config.options import OPTIONS, Option, ValueKind

MADE = artefacts()
COMPLETIONS = ("bash/check_autodiscover.bash", "zsh/_check_autodiscover")


@pytest.mark.parametrize("path", sorted(MADE))
def test_a_committed_artefact_is_its_generators(path: str) -> None:
    assert (FOLDER / path).read_text() == MADE[path]


def test_a_folder_that_is_generated_holds_nothing_else() -> None:
    there = {path.relative_to(FOLDER).as_posix() for name in FAMILIES for path in (FOLDER / name).rglob("*")}
    assert {path for path in there if (FOLDER / path).is_file()} <= MADE.keys()


@pytest.mark.parametrize(
    "option", [item for item in OPTIONS if item.kind is not ValueKind.HELP], ids=lambda item: item.destination
)
def test_every_option_is_in_the_manual_the_completion_and_the_check_command(option: Option) -> None:
    assert all(flag.replace("-", "\\-") in MADE["man/check_autodiscover.1"] for flag in option.flags)
    assert all(option.flags[-1] in MADE[f"completion/{name}"] for name in COMPLETIONS)
    if option.destination != "version":
        assert f"${variable(option)}$" in MADE["icinga2/autodiscover-command.conf"]
        assert f"${variable(option)}$" in MADE["icinga2/director-basket.json"]


@pytest.mark.parametrize("name", programs())
def test_every_command_is_in_the_manual(name: str) -> None:
    assert all(command in MADE[f"man/{name}.1"] for command in subcommands(programs()[name]))


def test_the_directors_basket_refers_to_nothing_but_what_is_in_it() -> None:
    """An import stops at the first reference that leads nowhere."""
    basket = json.loads(MADE["icinga2/director-basket.json"])
    (command,), (template,) = basket["Command"].values(), basket["ServiceTemplate"].values()
    assert [str(item["datafield_id"]) for item in command["fields"]] == list(basket["Datafield"])
    assert template["check_command"] in basket["Command"]
    fields = basket["Datafield"].values()
    used = {macro for item in command["arguments"].values() for macro in re.findall(r"\$(\w+)\$", json.dumps(item))}
    assert {field["varname"] for field in fields} == used
    lists = {field["settings"]["datalist"] for field in fields if "datalist" in field["settings"]}
    assert lists == basket["DataList"].keys()


def test_the_operators_rules_are_prometheus_own_but_for_where_links_lead() -> None:
    files = (MADE[f"prometheus/rules/autodiscover-{name}.yml"] for name in ("recording", "alerts"))
    groups = [group for text in files for group in yaml.safe_load(text)["groups"]]
    resource = yaml.safe_load(MADE["kubernetes/prometheus-operator/rules/prometheusrule.yaml"])
    inside = json.dumps(groups).replace("http://127.0.0.1:10093", "http://autodiscover-exporter:10093")
    assert resource["spec"]["groups"] == json.loads(inside)
