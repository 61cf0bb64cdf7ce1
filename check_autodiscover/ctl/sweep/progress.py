"""How far a sweep has come, for somebody who watches: a bar on standard error, where that is a terminal."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from check_autodiscover.core.state import State
from check_autodiscover.ctl.sweep.record import Record

__all__ = ["Advance", "shown_progress"]

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
