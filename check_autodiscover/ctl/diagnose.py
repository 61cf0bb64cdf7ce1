"""`autodiscoverctl diagnose`: observe a domain, or take a saved survey, and show the verdict.

It is shown as a tree (the verdict, how clients fare, the steps with the views side by side, the causes), or in one of
the plugin's forms. The exit code is the plugin's. Whatever came from DNS, certificates and servers passes `sanitize`,
and nothing is read as markup. No meaning hangs on a colour alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.analysis.walks import SUCCESS
from check_autodiscover.core.model.clients import Outcome, Walk
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import State
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.verdict.judge import assemble, judge
from check_autodiscover.ctl.common import CommandError, load_survey, save_survey
from check_autodiscover.output.steps import WORDS, OutlookCode, Place, clients_of, fares, ladder
from check_autodiscover.output.terminal import sanitize
from check_autodiscover.output.text import finding_lines

__all__ = ["Form", "diagnose", "draw"]


@dataclass(frozen=True, slots=True)
class Form:
    """How a verdict is shown: `output` is one of the plugin's, or empty for the tree; the rest is as there."""

    output: str = ""
    verbosity: int = 0
    perfdata: bool = True


def diagnose(domain: str, plugin_options: Sequence[str], form: Form, *, save: str, saved: str, redacted: bool) -> int:
    """Diagnose a domain by the plugin's options, or a saved survey; the report's exit code. Raises CommandError.

    What is `redacted` is saved and shown with pseudonyms in place of names and addresses.
    """
    survey = _saved(saved, domain, plugin_options) if saved else _observed(domain, plugin_options)
    report = _judged(survey, saved)
    if redacted:
        report = _redacted(report)
    if save:
        save_survey(report.survey, save)
    _show(report, form)
    return report.state.exit_code


def _observed(domain: str, plugin_options: Sequence[str]) -> Survey:
    if not domain:
        raise CommandError("diagnose needs a DOMAIN before its options, or --survey FILE")
    # A saved survey needs neither the network nor the option parser.
    from check_autodiscover.ctl.common import observe_domain, parsed

    return observe_domain(parsed(domain, plugin_options))


def _saved(file: str, domain: str, plugin_options: Sequence[str]) -> Survey:
    if plugin_options:
        raise CommandError(f"{plugin_options[0]} has no effect on a saved survey, which brings its own policy")
    survey = load_survey(file)
    if domain not in ("", survey.domain):
        raise CommandError(f"{file}: the survey is about {survey.domain}, not {domain}")
    return survey


def _judged(survey: Survey, file: str) -> Report:
    """The verdict at the survey's end. What a run of ours never writes, a file may hold. Raises CommandError."""
    try:
        return judge(survey)
    # A file may hold what no run can have seen, and so trip whatever rule comes first.
    except Exception as error:
        if not file:
            raise
        raise CommandError(f"{file}: no run can have seen this ({type(error).__name__} when it was judged)") from error


def _redacted(report: Report) -> Report:
    """The same verdict on other names. Raises CommandError where it would be another."""
    from publicsuffixlist import PublicSuffixList

    from check_autodiscover.core.redaction.fields import difference, redact

    suffixes = PublicSuffixList(accept_unknown=False, only_icann=True)
    hidden = judge(redact(report.survey, lambda name: suffixes.publicsuffix(name) or ""))
    if changed := difference(report, hidden):
        raise CommandError(f"--redact would change {changed} of this survey: a defect of ours, nothing was saved")
    return hidden


def _show(report: Report, form: Form) -> None:
    match form.output:
        case "":
            _draw(report)
        case "json":
            from check_autodiscover.output.report_json import render_json

            print(render_json(report))
        case "log":
            from check_autodiscover.output.text import render_log

            print(render_log(report))
        case _:
            from check_autodiscover.output.text import render_text

            print(render_text(report, form.verbosity, form.perfdata))


def _draw(report: Report) -> None:
    # The plugin's forms need none of it.
    from rich.console import Console

    picture = assemble(report.survey, report.survey.ended)
    Console(highlight=False, emoji=False).print(draw(report, picture))


SIDE_BY_SIDE = 36
"""The columns that a view needs beside another; with fewer, views stand below one another."""

GUIDES = 4
"""The columns that a branch of the tree takes."""

STATE_STYLES = {State.OK: "green", State.WARNING: "yellow", State.CRITICAL: "bold red", State.UNKNOWN: "magenta"}

_OUTCOME_STYLES = {
    outcome.value: "green" if outcome.good else "bold red" if outcome.bad else "magenta" for outcome in Outcome
}


def draw(report: Report, picture: Assessment) -> RenderableType:
    """The whole of what a person sees of a report. `picture` is what the same survey was judged by."""
    methods = {choice.view: f"{choice.effective.value}: {choice.why}" for choice in report.methods}
    return Group(
        _headline(report),
        Text(),
        _Outcomes(picture.views, methods),
        Text(),
        _Ladder(picture.views),
        Rule(characters="-", style="dim"),
        *_findings(report),
        *(Text(f"Note: {sanitize(note)}", style="dim") for note in report.notes),
    )


def _headline(report: Report) -> Text:
    text = Text(sanitize(report.domain), style="bold")
    text.append(f"  {report.state.value}", STATE_STYLES[report.state])
    text.append(f"  {sanitize(report.summary)}", "default")
    return text


class _Outcomes:
    """How each client fares in each view, those together that fare alike."""

    def __init__(self, views: Sequence[ViewAssessment], methods: dict[str, str]) -> None:
        self._views = views
        self._methods = methods

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        for _view in (None, *self._views):
            table.add_column(ratio=1)
        table.add_row("", *(Text(view.name, style="bold") for view in self._views))
        table.add_row("method", *(Text(sanitize(self._methods[view.name])) for view in self._views))
        for walks in fares(self._views):
            table.add_row(Text(clients_of(walks[0]), style="cyan"), *(_ending(each[0]) for each in walks))
        yield table
        yield Text("In parentheses: clients that are told of and not judged.", style="dim")


def _ending(walk: Walk) -> Text:
    at = f" at {walk.at.value}" if walk.at else ""
    how, comma, after = WORDS[walk.outcome.value].partition(",")
    return Text(f"{how}{at}{comma}{after}", style=_OUTCOME_STYLES[walk.outcome.value])


class _Ladder:
    """The steps, each with the views beside one another where the terminal is wide enough, else below."""

    def __init__(self, views: Sequence[ViewAssessment]) -> None:
        self._names = [view.name for view in views]
        self._rungs = ladder(views)

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        beside = options.max_width >= GUIDES + SIDE_BY_SIDE * len(self._names)
        names = self._grid([Text(name, style="bold") for name in self._names])
        tree = Tree(Padding(names, (0, 0, 0, GUIDES)), guide_style="dim")
        for rung in self._rungs:
            title = Text.assemble((sanitize(rung.title), "bold"), (f"  {rung.roles}" if rung.roles else "", "dim"))
            if beside:
                tree.add(Group(title, self._grid([_cell(places) for places in rung.places])))
                continue
            branch = tree.add(title)
            for name, places in zip(self._names, rung.places, strict=True):
                branch.add(Group(Text(name, style="bold"), _cell(places)))
        tree.hide_root = not beside
        yield tree

    def _grid(self, cells: Sequence[RenderableType]) -> Table:
        grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
        for _cell in cells:
            grid.add_column(ratio=1)
        grid.add_row(*cells)
        return grid


def _cell(places: Sequence[Place]) -> Table:
    """What stands at a step in one view, each line behind its mark, so that what is wrapped is set in."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(min_width=2)
    grid.add_column(ratio=1)
    for place in places:
        if place.url:
            grid.add_row(">", Text(sanitize(place.url), style="bold"))
        for text in place.found:
            grid.add_row("-", Text(sanitize(text)))
        for reaction in place.reactions:
            grid.add_row("=>", _reaction(reaction))
    return grid


def _reaction(reaction: OutlookCode) -> Text:
    text = Text(f"{reaction.clients}: " if reaction.clients else "", style="cyan")
    text.append(WORDS[reaction.outcome], _OUTCOME_STYLES.get(reaction.outcome, "default"))
    why = sanitize(reaction.why).removeprefix("not observed: ")
    text.append(f", {why}" if why else "", "default")
    text.append(f" ({reaction.code})" if reaction.code not in ("", SUCCESS) else "", "dim")
    return text


def _findings(report: Report) -> Iterator[RenderableType]:
    """Causes, each with its fix and what follows from it, in the words of the plugin."""
    for line in finding_lines(report):
        words = line.lstrip()
        yield Padding(_finding(words), (0, 0, 0, 2 * (len(line) - len(words))), expand=False)


def _finding(words: str) -> Text:
    first, _, rest = words.partition(" ")
    style = next((style for state, style in STATE_STYLES.items() if state.value == first), "bold")
    return Text.assemble((first, style), f" {rest}")
