"""`autodiscoverctl sweep`: the list, what was kept of an earlier sweep, the looks, and what is told of them.

The exit code is that of the gravest verdict; a line that is no domain counts as UNKNOWN, as nothing is known of it.
What is told beside the results goes to standard error.

How far a sweep has come, for somebody who watches: a bar on standard error, where that is a terminal.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, aclosing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace

from check_autodiscover.checker.checker import SharedProbes
from check_autodiscover.config.commandline import Arguments, UsageError, parse_fleet
from check_autodiscover.core.model.states import State, worst
from check_autodiscover.ctl.common import CommandError, warn
from check_autodiscover.ctl.sweep.domain_list import DomainList, read_domains
from check_autodiscover.ctl.sweep.results import Record, ResultFile, digest_of
from check_autodiscover.ctl.sweep.summary import Form, Tally, render_head, render_row, render_table
from check_autodiscover.ctl.sweep.workers import Limits, look_at
from check_autodiscover.probes.trust import TrustCache
from check_autodiscover.settings import SettingsError

__all__ = ["Advance", "SweepOptions", "shown_progress", "sweep"]

Advance = Callable[[Record], object]
"""What is called with each record."""


@contextmanager
def shown_progress(total: int, done: int) -> Iterator[Advance]:
    """A bar for a list of so many domains, so many of which are done; it is called with each record."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    # What is printed belongs on standard output, which may be a file.
    bar = Progress(*columns, console=Console(stderr=True), redirect_stdout=False, redirect_stderr=False)
    states: Counter[State] = Counter()
    with bar:
        task = bar.add_task("", total=total, completed=done)

        def advance(record: Record) -> None:
            states[record.state] += 1
            told = ", ".join(f"{count} {state.value}" for state in State if (count := states[state]))
            bar.update(task, advance=1, description=told)

        yield advance


CANNOT = 3

SYNC_SECONDS = 1.0
"""How often results are brought to the disk, so that a machine that loses its power loses little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOptions:
    """What is to be done about the results: `save` and `dask` are empty where none are kept, and no cluster is used.

    `whole` is whether the table names every cause and domain.
    """

    form: Form = Form.TABLE
    save: str = ""
    resume: bool = False
    limits: Limits = field(default_factory=Limits)
    dask: str = ""
    whole: bool = False


def sweep(file: str, options: Sequence[str], wish: SweepOptions) -> int:
    """Look at the domains of a list, without one at those of the configuration, by the plugin's options.

    Gives the exit code; what cannot be done is told.
    """
    try:
        return _swept(file, options, wish)
    except CommandError as refused:
        warn(str(refused))
        return CANNOT


def _swept(file: str, options: Sequence[str], wish: SweepOptions) -> int:
    if wish.resume and not wish.save:
        raise CommandError("--resume goes on with the results of an earlier sweep: name them, --save FILE")
    asked, listed = _asked(file, options)
    for fault in listed.faults:
        warn(fault)
    if untold := listed.refused - len(listed.faults):
        warn(f"{untold:,} more lines are not domains")
    with _kept(wish) as kept:
        found = _Sweep(asked, wish, kept, refused_lines=listed.refused)
        found.take_up()
        try:
            asyncio.run(found.run())
        except KeyboardInterrupt:
            warn(f"stopped{found.so_far}")
            return CANNOT
        except CommandError as refused:
            raise CommandError(f"{refused}{found.so_far}") from refused
        finally:
            found.conclude()
    return worst((State.UNKNOWN, *found.tally.states) if listed.refused else found.tally.states).exit_code


def _asked(file: str, options: Sequence[str]) -> tuple[tuple[Arguments, ...], DomainList]:
    """What is asked for of each domain, and the list. Raises CommandError."""
    try:
        fleet = parse_fleet(options)
        listed = read_domains(file) if file else DomainList(fleet.domains)
        if not listed.domains:
            raise CommandError(
                "sweep needs a FILE with a domain a line, - for standard input, or --config with domains"
            )
        return tuple(map(fleet.arguments, listed.domains)), listed
    except UsageError as error:
        raise CommandError(str(error)) from error


@contextmanager
def _kept(wish: SweepOptions) -> Iterator[ResultFile | None]:
    if not wish.save:
        yield None
        return
    kept = ResultFile(wish.save, resume=wish.resume)
    try:
        yield kept
    finally:
        kept.close()


class _Sweep:
    """One sweep, and what it has come to."""

    def __init__(
        self, asked: Sequence[Arguments], wish: SweepOptions, kept: ResultFile | None, *, refused_lines: int
    ) -> None:
        self.tally = Tally()
        self._asked = {arguments.domain: arguments for arguments in asked}
        self._total = len(asked)
        self._refused_lines = refused_lines
        self._wish = wish
        self._kept = kept
        self._synced = 0.0

    @property
    def so_far(self) -> str:
        """How far it has come, and how to go on, behind what stopped it; empty before the first domain."""
        if not self.tally.domains:
            return ""
        how = f": --save {self._wish.save} --resume goes on with the rest" if self._kept else "; --save FILE keeps them"
        return f", after {self.tally.domains:,} of {self._total:,} domains{how}"

    def take_up(self) -> None:
        """Begin with what was found earlier. Raises CommandError."""
        _print(render_head(self._wish.form))
        for record in self._kept.earlier() if self._kept else ():
            # A list may have become shorter, and what a killed sweep has is there once.
            asked = self._asked.pop(record.domain, None)
            if asked is not None:
                self._require_same(asked, record)
                self._tell(record)
        if self.tally.domains:
            warn(f"{self.tally.domains:,} of {self._total:,} domains were done before, since {self.tally.oldest}")

    async def run(self) -> None:
        """Look at the rest. Raises CommandError."""
        async with aclosing(self._looks(tuple(self._asked.values()))) as looks:
            with self._progress() as advance:
                async for found in looks:
                    record = replace(found, asked=digest_of(self._asked[found.domain]))
                    await self._keep(record)
                    self._tell(record)
                    advance(record)

    def conclude(self) -> None:
        """What is told at the end, however it came. Raises CommandError."""
        if self._wish.form is Form.TABLE and self.tally.domains:
            _print(render_table(self.tally, whole=self._wish.whole, refused_lines=self._refused_lines) + "\n")
        if self._kept:
            self._kept.sync()

    def _require_same(self, asked: Arguments, record: Record) -> None:
        if record.asked != digest_of(asked):
            raise CommandError(
                f"{self._wish.save}: {record.domain} was looked at with other options, another configuration or "
                "another version of this program; go on as it was begun, or name another file"
            )

    def _looks(self, asked: Sequence[Arguments]) -> AsyncGenerator[Record]:
        if self._wish.dask:
            # Few have a cluster, and it is a large library.
            from check_autodiscover.ctl.sweep.cluster import look_by_cluster

            return look_by_cluster(self._wish.dask, asked, self._wish.limits)
        return look_at(asked, self._wish.limits, _instruments(asked))

    async def _keep(self, record: Record) -> None:
        if self._kept is None:
            return
        self._kept.append(record)
        now = asyncio.get_running_loop().time()
        if now - self._synced >= SYNC_SECONDS:
            # A disk may take its time, and the looks under way need not wait for it.
            await asyncio.to_thread(self._kept.sync)
            self._synced = now

    def _tell(self, record: Record) -> None:
        self.tally.add(record)
        _print(render_row(self._wish.form, record))

    def _progress(self) -> AbstractContextManager[Advance]:
        rows = self._wish.form is not Form.TABLE and sys.stdout.isatty()
        if rows or not sys.stderr.isatty():
            return nullcontext(lambda record: None)
        return shown_progress(self._total, self.tally.domains)


def _instruments(asked: Sequence[Arguments]) -> SharedProbes:
    """What the looks share. Raises CommandError for unusable trust anchors, before any domain is looked at."""
    kept = TrustCache()
    try:
        for trust in dict.fromkeys(arguments.trust for arguments in asked):
            kept.load(trust)
    except SettingsError as error:
        raise CommandError(str(error)) from error
    return SharedProbes(kept)


def _print(text: str) -> None:
    if text:
        sys.stdout.write(text)
        sys.stdout.flush()
