"""A report drawn for a terminal: the verdict, the views side by side as ladders of candidates, causes with remedies.

Used by `diagnose`. Whatever came from DNS, certificates and servers passes `clean`, and nothing is read as markup.
"""

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from check_autodiscover.core.clients import Outcome
from check_autodiscover.core.picture import Picture
from check_autodiscover.core.report import Judgement, Report, Role
from check_autodiscover.core.state import State
from check_autodiscover.ctl.ladder import Reaction, Rung, ladder
from check_autodiscover.hostile import clean

__all__ = ["draw"]

SIDE_BY_SIDE = 50
"""The columns that a view needs beside another; with fewer, views stand below one another."""

STATE_STYLES = {State.OK: "green", State.WARNING: "yellow", State.CRITICAL: "bold red", State.UNKNOWN: "magenta"}

_OUTCOME_STYLES = {
    outcome.value: "green" if outcome.good else "bold red" if outcome.bad else "magenta" for outcome in Outcome
}

_WORDS = {
    "next": "go on",
    "follows": "follow",
    "unseen": "not known",
    Outcome.ASKS_CONSENT.value: "ask the user for consent",
    Outcome.WARNED.value: "warn",
    Outcome.WRONG_LOGIN.value: "give the password to a stranger",
    Outcome.WRONG_SETTINGS.value: "take a stranger's settings",
}
"""What clients do at a step, in words; the other outcomes are words already."""


def draw(report: Report, picture: Picture) -> RenderableType:
    """The whole of what a person sees of a report. `picture` is what the same survey was judged by."""
    return Group(_headline(report), Text(), _Views(report, picture), Text(), *_causes(report), *_remarks(report))


def _headline(report: Report) -> Text:
    text = Text(clean(report.domain), style="bold")
    text.append(f"  {report.state.value}", STATE_STYLES[report.state])
    text.append(f"  {clean(report.summary)}", "default")
    return text


class _Views:
    """The views beside one another where the terminal is wide enough."""

    def __init__(self, report: Report, picture: Picture) -> None:
        why = {choice.view: f"{choice.effective.value}: {choice.why}" for choice in report.methods}
        self._panels = [
            Panel(_tree(ladder(view)), title=Text(view.name), subtitle=Text(clean(why[view.name])))
            for view in picture.views
        ]

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width < SIDE_BY_SIDE * len(self._panels):
            yield from self._panels
            return
        grid = Table.grid(expand=True)
        for _panel in self._panels:
            grid.add_column(ratio=1)
        grid.add_row(*self._panels)
        yield grid


def _tree(rungs: Sequence[Rung]) -> Tree:
    tree = Tree(Text("what clients meet", style="dim"), guide_style="dim")
    for rung in rungs:
        branch = tree.add(Text.assemble((clean(rung.label), "bold"), (f"  {rung.role}", "dim")))
        for meeting in rung.meetings:
            branch.add(Text(clean(meeting)))
        for reaction in rung.reactions:
            branch.add(_reaction(reaction))
    return tree


def _reaction(reaction: Reaction) -> Text:
    style = _OUTCOME_STYLES.get(reaction.outcome, "dim")
    text = Text(", ".join(reaction.clients), style="cyan")
    text.append(f" {_WORDS.get(reaction.outcome, reaction.outcome)}", style)
    text.append(f": {clean(reaction.why)}{f' ({reaction.code})' if reaction.code else ''}", "default")
    return text


def _causes(report: Report) -> Iterator[RenderableType]:
    for root in report.roots:
        yield _judgement(root)
        yield Padding(Text.assemble(("Fix: ", "bold"), clean(root.remedy)), (0, 0, 0, 4), expand=False)
        for item in report.judgements:
            if item.role is Role.CONSEQUENCE and item.caused_by == root.id:
                yield Padding(_judgement(item), (0, 0, 0, 4), expand=False)


def _judgement(item: Judgement) -> Text:
    place = " ".join(part for part in (clean(item.finding.view), item.finding.endpoint.value) if part)
    text = Text(item.severity.value, STATE_STYLES[item.severity])
    text.append(f" {place}: {clean(item.message)}", "default")
    text.append(f" [{item.finding.rule}]", "dim")
    if item.accepted is not None:
        text.append(f" accepted{f' ({clean(item.accepted)})' if item.accepted else ''}", "dim")
    if item.expired is not None:
        text.append(f" {clean(item.expired)}", "yellow")
    return text


def _remarks(report: Report) -> Iterator[RenderableType]:
    for note in report.notes:
        yield Text(f"Note: {clean(note)}", style="dim")
