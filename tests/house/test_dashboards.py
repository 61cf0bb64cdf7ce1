"""Grafana's files: the rules of its dashboard-linter, and that nothing is shown or alerted that is not measured."""

import json
import re
from typing import Any

import pytest
import yaml

from artefacts.generate import FOLDER
from artefacts.grafana.dashboards import BOARDS
from artefacts.grafana.files import artefacts
from artefacts.grafana.panels import FILTER, Kind
from artefacts.prometheus.domain_alerts import domain_alerts
from artefacts.prometheus.exporter_alerts import exporter_alerts
from artefacts.prometheus.settings import Settings
from check_autodiscover.core.model.metrics import METRICS

MADE = artefacts()
DASHBOARDS: dict[str, dict[str, Any]] = {
    board.uid: json.loads(MADE[f"dashboards/{board.uid}.json"]) for board in BOARDS
}
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load(MADE["provisioning/alerting/autodiscover.yml"])["groups"]
    for rule in group["rules"]
]
PANELS = [(uid, panel) for uid, board in DASHBOARDS.items() for panel in board["panels"] if panel["type"] != "row"]
EXPRESSIONS = [(uid, panel["title"], target["expr"]) for uid, panel in PANELS for target in panel["targets"]]
METRIC = re.compile(r"\b(?:autodiscover|probe)_\w+")
COLUMNS = 24

every_dashboard = pytest.mark.parametrize("uid", DASHBOARDS)
every_panel = pytest.mark.parametrize(
    ("uid", "panel"), PANELS, ids=lambda item: item if isinstance(item, str) else item["title"]
)
every_expression = pytest.mark.parametrize(("uid", "title", "expression"), EXPRESSIONS)


def variables(uid: str) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in DASHBOARDS[uid]["templating"]["list"]}


@every_dashboard
def test_data_source_is_a_variable_that_is_called_so(uid: str) -> None:
    source = variables(uid)["datasource"]
    assert (source["type"], source["query"], source["label"]) == ("datasource", "prometheus", "Data source")


@every_dashboard
@pytest.mark.parametrize(("name", "label"), [("job", "Job"), ("instance", "Instance")])
def test_job_and_instance_are_chosen_of_what_there_is(uid: str, name: str, label: str) -> None:
    found = variables(uid)[name]
    assert (found["type"], found["label"], found["datasource"]["uid"]) == ("query", label, "${datasource}")
    assert (found["multi"], found["includeAll"], found["allValue"]) == (True, True, ".+")
    on_time_range_changed = 2
    assert found["refresh"] == on_time_range_changed


@every_dashboard
def test_dashboards_are_changed_by_being_made_anew(uid: str) -> None:
    board = DASHBOARDS[uid]
    assert board["editable"] is False
    assert (board["uid"], board["title"], board["description"]) != (uid, "", "")


@every_dashboard
def test_panels_have_numbers_of_their_own_and_fit_side_by_side(uid: str) -> None:
    panels = DASHBOARDS[uid]["panels"]
    numbers = [panel["id"] for panel in panels]
    assert len(set(numbers)) == len(numbers)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= COLUMNS for panel in panels)
    places = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(places)) == len(places)


@every_panel
def test_every_panel_says_what_it_shows_and_in_which_unit(uid: str, panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    titles = [other["title"] for board, other in PANELS if board == uid]
    assert titles.count(panel["title"]) == 1


@every_expression
def test_every_selector_keeps_to_the_chosen_jobs_and_instances(uid: str, title: str, expression: str) -> None:
    del uid, title
    selectors = re.findall(r"\b(?:autodiscover|probe)_\w+(\{[^}]*\})?", expression)
    assert selectors
    assert all(FILTER in selector for selector in selectors)


@every_expression
def test_rates_are_over_the_interval_of_the_scrapes(uid: str, title: str, expression: str) -> None:
    del uid, title
    assert re.findall(r"(?:rate|changes|increase)\([^)]*\[([^]]*)\]", expression) == (
        ["$__rate_interval"] if re.search(r"\b(?:rate|changes|increase)\(", expression) else []
    )


def documented() -> set[str]:
    """The metrics of the reference, which is made of the measures; a histogram's buckets and a counter's name too."""
    text = (FOLDER.parent / "docs" / "metrics.md").read_text()
    found = set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))
    return found | {f"{name}_bucket" for name in found}


@every_expression
def test_what_is_shown_is_measured(uid: str, title: str, expression: str) -> None:
    del uid, title
    assert set(METRIC.findall(expression)) <= documented()


def test_every_metric_of_a_target_is_shown_somewhere() -> None:
    """A metric that no panel shows is one that nobody would miss."""
    shown = {name for _, _, expression in EXPRESSIONS for name in METRIC.findall(expression)}
    assert METRICS.keys() - shown == {
        # The verdict in other words, which the panels show by state, finding and client.
        "probe_success",
        "autodiscover_findings",
    }


@every_panel
def test_links_lead_to_the_other_dashboard_or_to_the_exporters_pages(uid: str, panel: dict[str, Any]) -> None:
    del uid
    urls = re.findall(r'"url": "([^"]+)"', json.dumps(panel))
    assert all(url.startswith(("/d/autodiscover-domain?", "${exporter}/")) for url in urls)


@every_dashboard
def test_who_finds_a_cause_gets_on_to_the_domain_and_the_rules_page(uid: str) -> None:
    tables = [panel for board, panel in PANELS if board == uid and panel["title"].startswith("Causes")]
    assert "${exporter}/rules/${__value.raw}" in json.dumps(tables)
    everything = json.dumps(DASHBOARDS[uid])
    assert ("/d/autodiscover-domain?" if uid == "autodiscover-fleet" else "${exporter}/domains/") in everything


def test_only_dashboards_end_in_json() -> None:
    files = [path for path in (FOLDER / "grafana").rglob("*") if path.is_file()]
    assert {path.parent.name for path in files if path.suffix == ".json"} == {"dashboards"}
    assert all("panels" in json.loads(path.read_text()) for path in files if path.suffix == ".json")


def test_tables_have_the_columns_that_their_query_gives() -> None:
    for board in BOARDS:
        for panel in (panel for row in board.rows for panel in row.panels if panel.kind is Kind.TABLE):
            (query,) = panel.queries
            (labels,) = re.findall(r"by \(([^)]*)\)", query.expression)[:1]
            assert {label.strip() for label in labels.split(",")} == set(panel.columns)
            assert panel.links.keys() <= set(panel.columns)


def test_grafanas_own_rules_are_those_of_prometheus() -> None:
    settings = Settings()
    everything = (*domain_alerts(settings), *exporter_alerts(settings))
    alerts = [alert for alert in everything if not alert.after_others]
    assert [(rule["data"][0]["model"]["expr"], rule["for"], rule["labels"]["severity"]) for rule in RULES] == [
        (alert.by_satellite(settings), alert.wait, alert.severity) for alert in alerts
    ]
    uids = [rule["uid"] for rule in RULES]
    longest = 40
    assert len(set(uids)) == len(uids)
    assert all(re.fullmatch(rf"[A-Za-z0-9_-]{{1,{longest}}}", uid) for uid in uids)


def test_rules_ask_the_data_source_that_is_provisioned() -> None:
    (source,) = yaml.safe_load(MADE["provisioning/datasources/autodiscover.yml"])["datasources"]
    assert {rule["data"][0]["datasourceUid"] for rule in RULES} == {source["uid"]}


@every_panel
def test_rates_reach_over_scrapes_whatever_the_data_source_is_set_to(uid: str, panel: dict[str, Any]) -> None:
    over_time = [target for target in panel["targets"] if not target.get("instant")]
    assert all(target["interval"] == Settings().scrape_interval for target in over_time)


@every_panel
def test_what_holds_for_the_chosen_time_holds_at_each_moment_of_it(uid: str, panel: dict[str, Any]) -> None:
    """At each step a window of its own would end there: a domain's row would begin with its fault."""
    over_time = "".join(target["expr"] for target in panel["targets"] if not target.get("instant"))
    assert over_time.count("[$__range]") == over_time.count("[$__range] @ end()")
