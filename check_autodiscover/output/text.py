"""A Report as the plugin's text: the first line, performance data, findings, and what else the verbosity asks for.

The plugin prints it and the exporter serves it. Nothing is decided here. All text goes through `hostile`; numbers are
written without regard to a locale.

What several views say alike but for addresses, told once: `127.0.0.1 inside and 192.0.2.1 outside`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

from check_autodiscover.core.model.metrics import Measure
from check_autodiscover.core.model.report import Judgement, MethodChoice, Report, Role
from check_autodiscover.core.model.states import State
from check_autodiscover.output.terminal import first_line, sanitize

__all__ = [
    "HelpRequested",
    "finding_lines",
    "joined_views",
    "merged",
    "parts_of",
    "render_failure",
    "render_first_line",
    "render_log",
    "render_performance_data",
    "render_text",
    "told_by_view",
]

_PLACE = r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}|\[[0-9a-f:]+\])(?::[0-9]+)?"

_PLACES = re.compile(rf"(?<![\w.:])({_PLACE}(?:(?:, | and ){_PLACE})*)(?!\w|:\w)")
"""IP addresses in a sentence, with or without a port: what usually differs where views have the same fault."""

HelpRequested = Mapping[str, tuple[str, ...]]
"""By view, the addresses in a text; all else in it is the same in these views."""


def parts_of(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a text says around its addresses, and these."""
    pieces = _PLACES.split(text)
    return tuple(pieces[::2]), tuple(pieces[1::2])


def merged(said: Sequence[str], told: HelpRequested) -> str:
    """The text with the addresses of all its views."""
    places = (_places(dict(zip(told, each, strict=True))) for each in zip(*told.values(), strict=True))
    return "".join(piece for pair in zip_longest(said, places, fillvalue="") for piece in pair)


def told_by_view(texts: Mapping[str, str]) -> str:
    """The one text of several views; those that differ by more than addresses one after another, with their views."""
    groups: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {}
    for view, text in texts.items():
        said, places = parts_of(text)
        groups.setdefault(said, {})[view] = places
    if len(groups) <= 1:
        return "".join(merged(said, told) for said, told in groups.items())
    return " ".join(f"{joined_views(tuple(told))}: {merged(said, told)}" for said, told in groups.items())


def _places(places: Mapping[str, str]) -> str:
    """`127.0.0.1 inside and 192.0.2.1 outside`, or the address alone where all views have the same."""
    views: dict[str, list[str]] = {}
    for view, place in places.items():
        views.setdefault(place, []).append(view)
    several = len(views) > 1
    return " and ".join(f"{place} {joined_views(where)}" if several else place for place, where in views.items())


def joined_views(views: Sequence[str]) -> str:
    """`inside`, `inside and outside`, `inside, dmz and outside`."""
    *others, last = dict.fromkeys(views)
    return f"{', '.join(others)} and {last}" if others else last


def render_text(report: Report, verbosity: int = 0, perfdata: bool = True) -> str:
    """The whole text without a final line break. `verbosity` is 0 to 3: walks, observations, timings are added."""
    performance = render_performance_data(report) if perfdata else ""
    first = f"{render_first_line(report)} | {performance}" if performance else render_first_line(report)
    return "\n".join((first, *_body(report, verbosity)))


def _body(report: Report, verbosity: int) -> Iterator[str]:
    yield from finding_lines(report, verbosity)
    yield from _methods(report)
    yield from (f"Note: {sanitize(note)}" for note in report.notes)
    if verbosity:
        # A check that runs every few minutes is not asked for details.
        from check_autodiscover.output.details import details

        yield from details(report, verbosity)


def render_log(report: Report) -> str:
    """The whole text as Outlook's Test E-mail AutoConfiguration tells it, without a final line break."""
    from check_autodiscover.output.details import log_lines

    return "\n".join((render_first_line(report), *log_lines(report)))


def render_first_line(report: Report) -> str:
    """`AUTODISCOVER STATE - domain: cause [rule] (+N more)`, at most 200 characters, cut before the rule."""
    return first_line(report.state.value, report.domain, report.summary)


def render_failure(domain: str, fault: str) -> str:
    """The only line of a run that came to no verdict: UNKNOWN, and why. `domain` may be empty."""
    return first_line(State.UNKNOWN.value, domain, fault)


def render_performance_data(report: Report) -> str:
    """All numbers that have a label, as in `time=0.412s;;;0;10 causes_critical=0;;;0`; `U` where it was not looked."""
    return " ".join(_performance(measure) for measure in report.measures if measure.perfdata)


def _performance(measure: Measure) -> str:
    value = "U" if measure.value is None else f"{_number(measure.value)}{measure.unit}"
    limits = (measure.warning, measure.critical, measure.minimum, measure.maximum)
    texts = (value, *("" if limit is None else _number(limit) for limit in limits))
    return f"{measure.perfdata}={';'.join(texts)}".rstrip(";")


def _number(value: float) -> str:
    """A number as monitoring systems read it: a point, no exponent, no needless zeros."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def finding_lines(report: Report, verbosity: int = 0) -> Iterator[str]:
    """Each root with its consequences below it; what several views say but for addresses is told once."""
    several = len(report.survey.policy.views) > 1
    groups: dict[tuple[tuple[str, ...], bool, int], dict[str, tuple[str, ...]]] = {}
    for root, consequences in _trees(report.judgements):
        view, turn = root.finding.view, 0
        said, places = parts_of("\n".join(_tree_lines(root, consequences, verbosity)))
        # Two faults of one view stay two, though they differ by address alone.
        while groups.get((said, bool(view), turn), {}).get(view, places) != places:
            turn += 1
        groups.setdefault((said, bool(view), turn), {})[view] = places
    for (said, bound, _), told in groups.items():
        state, _, rest = merged(said, told).partition(" ")
        where = f"{joined_views(tuple(told))}: " if several and bound else ""
        yield from f"{state} {where}{rest}".split("\n")


def _trees(judgements: Iterable[Judgement]) -> list[tuple[Judgement, list[Judgement]]]:
    trees: list[tuple[Judgement, list[Judgement]]] = []
    for judgement in judgements:
        if judgement.role is Role.ROOT:
            trees.append((judgement, []))
        else:
            trees[-1][1].append(judgement)
    return trees


def _tree_lines(root: Judgement, consequences: Sequence[Judgement], verbosity: int) -> Iterator[str]:
    yield _finding_line(root)
    if root.remedy and (root.severity is not State.OK or verbosity):
        yield f"  Fix: {sanitize(root.remedy)}"
    for consequence in consequences:
        # Its own view is said only where it is not the root's, so that views with the same fault read the same.
        elsewhere = consequence.finding.view not in ("", root.finding.view)
        yield f"  {_finding_line(consequence, consequence.finding.view if elsewhere else '')}"
        # Whoever mends the root has no use for it: told to those who ask for more.
        if consequence.remedy and verbosity:
            yield f"    Fix: {sanitize(consequence.remedy)}"


def _finding_line(judgement: Judgement, view: str = "") -> str:
    accepted = "" if judgement.accepted is None else f" accepted ({sanitize(judgement.accepted)})"
    expired = "" if judgement.expired is None else f" {sanitize(judgement.expired)}"
    where = f"{view}: " if view else ""
    return (
        f"{judgement.severity.value} {where}{sanitize(judgement.message)} [{judgement.finding.rule}]{accepted}{expired}"
    )


def _methods(report: Report) -> Iterator[str]:
    """How each view was judged; a line for those that agree."""
    groups: dict[tuple[str, str], list[str]] = {}
    for choice in report.methods:
        groups.setdefault((choice.effective.value, _why(choice)), []).append(choice.view)
    for (method, why), views in groups.items():
        where = "" if len(groups) == 1 else f"{joined_views(views)} "
        yield f"Method: {where}{method} ({why})"


def _why(choice: MethodChoice) -> str:
    return sanitize(f"{choice.declared.value}: {choice.why}" if choice.declared is not choice.effective else choice.why)
