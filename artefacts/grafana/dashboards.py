"""From the tables of panels to Grafana's JSON, by grafana-foundation-sdk.

The dashboards keep the rules of Grafana's dashboard-linter.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import bargauge, dashboard, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import prometheus as prometheus_models

from artefacts.grafana.domain import DOMAIN
from artefacts.grafana.fleet import DOMAIN_UID, FLEET
from artefacts.grafana.panels import Kind, Link, Panel, Query, Row
from artefacts.prometheus.settings import Settings

__all__ = ["BOARDS", "FLEET_UID", "Board", "render"]

FLEET_UID = "autodiscover-fleet"
TAG = "autodiscover"
SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
KNOWN = "autodiscover_exit_code|autodiscover_exporter_build_info"
"""What the domains' scrapes have, and what those of the exporter itself have."""


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard. `uid` is its place in links."""

    uid: str
    title: str
    description: str
    rows: Sequence[Row]
    known: str
    """A regular expression of the metrics by which its jobs and instances are found."""


BOARDS = (
    Board(
        FLEET_UID,
        "Autodiscover: fleet",
        "All mail domains: which are in what state, why and since when, and whether the exporter keeps up.",
        FLEET,
        KNOWN,
    ),
    Board(
        DOMAIN_UID,
        "Autodiscover: domain",
        "One mail domain: what each client meets in each view, at which address, with which certificate, and what "
        "has changed.",
        DOMAIN,
        "autodiscover_exit_code",
    ),
)


def render(board: Board, settings: Settings) -> str:
    """The dashboard's JSON, the same for the same tables."""
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags([TAG])
        .readonly()
        .timezone("browser")
        .time("now-24h", "now")
        .refresh("1m")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .link(_other_boards())
    )
    for variable in _variables(board, settings):
        made.with_variable(variable)
    number = 0
    for row in board.rows:
        made.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            number += 1
            made.with_panel(_built(panel, settings).id(number))
    found = json.loads(json.dumps(made.build(), cls=JSONEncoder))
    for row_number, row_panel in enumerate(item for item in found["panels"] if item["type"] == "row"):
        row_panel["id"] = number + row_number + 1
    return json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _other_boards() -> dashboard.DashboardLink:
    return (
        dashboard.DashboardLink("Autodiscover")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .include_vars(True)
        .keep_time(True)
    )


def _variables(board: Board, settings: Settings) -> Iterator[Any]:
    yield dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")
    yield _label_values("job", "Job", f'label_values({{__name__=~"{board.known}"}}, job)')
    yield _label_values("instance", "Instance", f'label_values({{__name__=~"{board.known}", job=~"$job"}}, instance)')
    yield (
        dashboard.TextBoxVariable("exporter")
        .label("Exporter")
        .description("Where people reach the exporter's pages: links lead there.")
        .default_value(settings.exporter_url)
    )


def _label_values(name: str, label: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query({"query": query, "refId": f"{name}s"})
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(models.VariableOption(selected=True, text="All", value="$__all"))
    )


_BUILDERS: Mapping[Kind, Callable[[], Any]] = {
    Kind.NUMBERS: stat.Panel,
    Kind.TABLE: table.Panel,
    Kind.LINES: timeseries.Panel,
    Kind.TIMELINE: statetimeline.Panel,
    Kind.BARS: bargauge.Panel,
}


def _built(panel: Panel, settings: Settings) -> Any:
    # The library's builders have no type in common.
    made = _BUILDERS[panel.kind]()
    made.title(panel.title).description(panel.description).datasource(SOURCE)
    made.span(panel.width).height(panel.height).unit(panel.unit.value)
    for place, query in enumerate(panel.queries):
        made.with_target(_target(query, place, panel.kind is Kind.TABLE, settings))
    made.thresholds(
        dashboard.ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps([models.Threshold(value, colour) for value, colour in panel.steps])
    )
    if panel.nothing:
        made.no_value(panel.nothing)
    if panel.names:
        made.mappings([_value_map(panel.names)])
    _dress(made, panel)
    return made


def _target(query: Query, place: int, as_table: bool, settings: Settings) -> prometheus.Dataquery:
    made = prometheus.Dataquery().expr(query.text).ref_id(chr(ord("A") + place)).legend_format(query.legend)
    if query.now:
        made.instant()
    else:
        # The least step is what $__rate_interval is made of; a data source's own may be for faster scrapes.
        made.range().interval(settings.scrape_interval)
    if as_table:
        made.format(prometheus_models.PromQueryFormat.TABLE)
    return made


def _value_map(names: Mapping[str, tuple[str, str]]) -> models.ValueMap:
    return models.ValueMap(
        {
            value: models.ValueMappingResult(text=text, color=colour, index=index)
            for index, (value, (text, colour)) in enumerate(names.items())
        }
    )


def _dress(made: Any, panel: Panel) -> None:
    """What each kind has for itself."""
    match panel.kind:
        case Kind.TABLE:
            _as_table(made, panel)
        case Kind.NUMBERS:
            made.reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
            made.color_mode(common.BigValueColorMode.BACKGROUND if panel.names else common.BigValueColorMode.VALUE)
            made.graph_mode(common.BigValueGraphMode.NONE)
        case Kind.BARS:
            made.reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
            made.orientation(common.VizOrientation.HORIZONTAL)
        case Kind.LINES:
            _as_lines(made, panel)
        case Kind.TIMELINE:
            made.show_value(common.VisibilityMode.NEVER).row_height(0.8)
    if panel.kind is not Kind.TABLE:
        made.data_links([_link(link) for link in panel.links.values()])
        for name, colour in panel.colours.items():
            made.override_by_name(name, [_fixed(colour)])


def _as_lines(made: Any, panel: Panel) -> None:
    made.span_nulls(False).min(0)
    made.legend(
        common_builders.VizLegendOptions()
        .display_mode(common.LegendDisplayMode.LIST)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    if panel.stacked:
        made.fill_opacity(60).stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL))


def _as_table(made: Any, panel: Panel) -> None:
    hidden = {"Time": True} if panel.value else {"Time": True, "Value": True}
    order = {name: place for place, name in enumerate((*panel.columns, "Value"))}
    made.with_transformation(
        models.DataTransformerConfig(
            id_val="organize",
            options={"excludeByName": hidden, "indexByName": order, "renameByName": {"Value": panel.value}},
        )
    )
    for name, link in panel.links.items():
        value = models.DynamicConfigValue(id_val="links", value=[_link(link).build()])
        made.override_by_name(name, [value])
    if panel.colours:
        mapping = _value_map({name: (name, colour) for name, colour in panel.colours.items()})
        for column in {"severity", "outcome"} & set(panel.columns):
            coloured = models.DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"})
            made.override_by_name(column, [models.DynamicConfigValue(id_val="mappings", value=[mapping]), coloured])


def _fixed(colour: str) -> models.DynamicConfigValue:
    return models.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": colour})


def _link(link: Link) -> dashboard.DashboardLink:
    return dashboard.DashboardLink(link.title).url(link.url).target_blank(False)
