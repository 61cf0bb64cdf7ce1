"""What the alert about a new catch-all fires for, and what it stays silent at: it needs a long memory."""

from collections.abc import Iterator

from artefacts.prometheus.case import Case, Domain, Found, constant
from artefacts.prometheus.domain_cases import CONTOSO, fired, page
from artefacts.prometheus.settings import Settings, seconds

__all__ = ["catch_all_cases"]


def catch_all_cases(settings: Settings) -> Iterator[Case]:
    """Those that need a long memory, of which an interval of theirs is a sixtieth."""
    alert = "AutodiscoverCatchAllAppeared"
    alerted = fired(
        settings,
        "drift-wildcard-appeared",
        "warning",
        "A catch-all appeared: any name without a record of its own gets an answer",
        "It may answer for the Autodiscover name next. Remove the record `*`, or switch the registrar's catch-all off; "
        f"if it is meant, accept it (autodiscoverctl baseline accept {CONTOSO}), which ends this: {page(settings)}",
    )
    after = f"{seconds(settings.catch_all_memory) * 5 // 4}s"
    new = Domain(name=CONTOSO, wildcard=f"{constant(0, 30)} {constant(1)}")
    none = Domain(name=CONTOSO, found=(Found("drift-wildcard-appeared", "warning", endpoint="zone"),))
    old = Domain(name=CONTOSO, wildcard=constant(1))
    yield Case(name="there was none before", alert=alert, seen=(new,), after=after, fires=[alerted])
    yield Case(name="none was accepted", alert=alert, seen=(none,), after=after, fires=[alerted])
    yield Case(name="one that has long been there", alert=alert, seen=(old,), after=after)
    accepted = {f'autodiscover_baseline_timestamp_seconds{{job="{settings.job}", instance="{CONTOSO}"}}': constant(1)}
    yield Case(name="one that is in the baseline", alert=alert, seen=(new, accepted), after=after)
