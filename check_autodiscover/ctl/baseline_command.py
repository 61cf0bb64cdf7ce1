"""`autodiscoverctl baseline`: show what was accepted about a domain, compare it with what is so now, and accept that.

Exit codes: 0, for `diff` 1 if there is a change, 3 where it cannot be done. Only `accept` writes, and only after it has
shown what would change and was told to.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_network

from check_autodiscover.config.commandline import Arguments
from check_autodiscover.core.analysis.drift import accept, accept_over, asked_of, compare_baselines, unanswered, unseen
from check_autodiscover.core.model.baseline import (
    AcceptedView,
    Baseline,
    BaselineFormatError,
    Change,
    Drift,
    RecordKind,
    read_baseline,
    write_baseline,
)
from check_autodiscover.core.model.states import State
from check_autodiscover.core.model.survey import BaselineFile, Survey
from check_autodiscover.core.rules.phrases import joined
from check_autodiscover.core.verdict.judge import assemble, judge
from check_autodiscover.ctl.common import CommandError, observe_domain, parsed
from check_autodiscover.output.terminal import sanitize
from check_autodiscover.store import StoreError, load_baseline, save_baseline

__all__ = ["accept_baseline", "diff_baseline", "show_baseline"]

DIFFERENT = 1


def show_baseline(domain: str, options: Sequence[str]) -> int:
    """Print what was accepted. Raises CommandError where nothing was, or it cannot be read."""
    arguments = _arguments(domain, options)
    file = load_baseline(arguments.baseline, arguments.domain)
    _say(_shown(_read(file, arguments.domain), file.path))
    return 0


def diff_baseline(domain: str, options: Sequence[str]) -> int:
    """Print what is otherwise than accepted; DIFFERENT if anything is. Raises CommandError."""
    arguments = _arguments(domain, options)
    file = load_baseline(arguments.baseline, arguments.domain)
    accepted = _read(file, arguments.domain)
    survey = observe_domain(arguments)
    now, hidden, _ = _observed(survey)
    changes = compare_baselines(asked_of(accepted, survey.policy.families), now)
    unknown = [view.name for view in now.views if not accepted.view(view.name)]
    if len(unknown) < len(now.views):
        _say(_compared(changes, accepted))
    _say(f"{name}: nothing of this view was accepted" for name in unknown)
    _say(f"Not seen: {reason}" for reason in hidden)
    if hidden:
        raise CommandError("not everything could be looked at, see above")
    if len(unknown) == len(now.views):
        raise CommandError("there is nothing to compare: look by the views that were accepted (--view, --config)")
    return DIFFERENT if changes else 0


def accept_baseline(
    domain: str, options: Sequence[str], *, yes: bool, networks: Sequence[str], pools: Sequence[str]
) -> int:
    """Show what is so, and keep it once that is confirmed. Raises CommandError, and then nothing was written."""
    wide = tuple(_network(text) for text in networks)
    arguments = _arguments(domain, options)
    file = load_baseline(arguments.baseline, arguments.domain)
    old = None if file.missing else _read(file, arguments.domain)
    # What was accepted before has no say in what is to be accepted now.
    now, hidden, state = _observed(replace(observe_domain(arguments), baseline=None))
    if hidden:
        _say(f"Not seen: {reason}" for reason in hidden)
        raise CommandError("not everything could be looked at, so nothing is accepted")
    new = accept_over(old or Baseline(domain=now.domain, accepted=0), now, wide, pools)
    _fit(new, wide, pools)
    if old is not None and new.views == old.views:
        _say([f"{file.path}: nothing changed since it was accepted, it stays as it is"])
        return 0
    _say(_compared(compare_baselines(old, new), old) if old else _shown(new, file.path))
    _say(_new_views(old, new) if old else ())
    if state is not State.OK:
        _say([f"The verdict is {state.value} now: what is accepted becomes the reference, faults as well."])
    _confirm(arguments.domain, yes)
    try:
        written = save_baseline(arguments.baseline, arguments.domain, write_baseline(new), seen=file)
    except StoreError as error:
        raise CommandError(str(error)) from error
    _say([f"Accepted: {written}"])
    return 0


def _arguments(domain: str, options: Sequence[str]) -> Arguments:
    if not domain:
        raise CommandError("baseline needs a DOMAIN before its options")
    arguments = parsed(domain, options)
    if not arguments.baseline:
        raise CommandError("say where baselines are kept: --baseline PATH, a directory or one file")
    return arguments


def _fit(new: Baseline, networks: Sequence[str], pools: Sequence[str]) -> None:
    """Raises CommandError for a network or a pool that nothing of what is accepted is in."""
    records = [record for view in new.views for record in view.records if record.kind is RecordKind.ADDRESS]
    values = {value for record in records for value in record.values}
    for network in networks:
        if network not in values:
            raise CommandError(f"--network {network}: no address of this domain lies in it")
    for name in pools:
        if name not in {record.name for record in records}:
            raise CommandError(f"--pool {name}: it is none of the names whose addresses are accepted")


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise CommandError(f"--network: {error}") from error


def _read(file: BaselineFile, domain: str) -> Baseline:
    if file.missing:
        raise CommandError(f"{file.path}: nothing was accepted yet (baseline accept {domain})")
    try:
        if file.fault:
            raise BaselineFormatError(file.fault)
        baseline = read_baseline(file.text)
    except BaselineFormatError as error:
        raise CommandError(f"{file.path}: {error}; it is left as it is") from error
    if baseline.domain != domain:
        raise CommandError(f"{file.path}: it is about {baseline.domain}, not {domain}")
    return baseline


def _observed(survey: Survey) -> tuple[Baseline, tuple[str, ...], State]:
    """What is so now, what could not be looked at, and the verdict on it."""
    report, picture = judge(survey), assemble(survey, survey.ended)
    return accept(picture), unseen(report) or unanswered(picture), report.state


def _confirm(domain: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("nobody is there to confirm it: look at the above, then add --yes")
    if _answer(f"Accept this for {domain}? [y/N] ") not in ("y", "yes"):
        raise CommandError("not accepted, nothing was written")


def _answer(question: str) -> str:
    """What is typed, empty where nothing is and the input ends."""
    try:
        return input(question).strip().lower()
    except EOFError:
        print()
        return ""


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(sanitize(line))


def _compared(changes: Sequence[Change], accepted: Baseline) -> Iterator[str]:
    since = _moment(accepted)
    if not changes:
        yield f"{accepted.domain}: as it was accepted {since}"
        return
    yield f"{accepted.domain}: {len(changes)} change{'s' if len(changes) > 1 else ''} since {since}"
    for change, subjects in _grouped(changes):
        what = f"{joined(subjects)} {change.detail if change.kind is Drift.RECORD else ''}".rstrip()
        yield f"{change.view}: {what} [drift-{change.kind.value}]"
        yield f"  - {change.old or 'none'}"
        yield f"  + {change.new or 'none'}"


def _grouped(changes: Sequence[Change]) -> Iterator[tuple[Change, list[str]]]:
    """Changes of which only the subject differs, together: clients are led astray by the dozen."""
    groups: dict[Change, list[str]] = {}
    for change in changes:
        groups.setdefault(replace(change, subject=""), []).append(change.subject)
    yield from groups.items()


def _shown(baseline: Baseline, path: str) -> Iterator[str]:
    yield f"{baseline.domain}, accepted {_moment(baseline)} ({path})"
    for view in baseline.views:
        yield f"{view.name}: method {view.method.value}"
        yield from (f"  {line}" for line in _view_lines(view))


def _new_views(old: Baseline, new: Baseline) -> Iterator[str]:
    """The views that nothing was accepted of so far, whole."""
    for view in new.views:
        if old.view(view.name) is None:
            yield f"{view.name} is new: method {view.method.value}"
            yield from (f"  {line}" for line in _view_lines(view))


def _view_lines(view: AcceptedView) -> Iterator[str]:
    if view.name_servers:
        yield f"name servers: {', '.join(view.name_servers)}"
    for record in view.records:
        if record.kind is RecordKind.ALIAS and not record.values:
            continue
        pool = " (a pool)" if record.pool else ""
        yield f"{record.name} {record.kind.value}: {', '.join(record.values) or 'none'}{pool}"
    for state in view.catch_alls:
        yield f"catch-all *.{state.parent}: {'yes' if state.present else 'no'}"
    for presented in view.certificates:
        for certificate in presented.certificates:
            names = ", ".join(certificate.names)
            yield f"certificate of {presented.name}: {certificate.kind} {names}, by {certificate.issuer}"
    for walk in view.walks:
        yield f"{walk.client}: {walk.outcome}{' at ' + walk.step if walk.step else ''}"


def _moment(baseline: Baseline) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(baseline.accepted, UTC).strftime("%Y-%m-%d %H:%M UTC")
