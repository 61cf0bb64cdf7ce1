"""A report that is told long after the look it is about: what was seen then says nothing of now.

Pure, as `judge` is: whoever keeps reports names the moment, and how often the domain was to be looked at.
"""

from dataclasses import replace
from datetime import UTC, datetime

from check_autodiscover.core.finding import Endpoint, Finding
from check_autodiscover.core.grading import override_of, reason_of
from check_autodiscover.core.report import Judgement, Report, Role
from check_autodiscover.core.rules.catalogue import RULES
from check_autodiscover.core.state import State
from check_autodiscover.core.wording import fill, remedy_of

__all__ = ["INTERVALS", "as_of"]

INTERVALS = 3
"""A look may be so many intervals old: one may fail, and the next be late."""

_RULE = "check-report-stale"


def as_of(report: Report, now: float, interval: float) -> Report:
    """What a report says at a moment (Unix seconds), if the domain was to be looked at every `interval` seconds.

    That is the report itself while it is young enough, and then `check-report-stale` in place of all that it found.
    """
    if now - report.survey.ended <= INTERVALS * interval:
        return report
    finding = Finding(
        rule=_RULE,
        view="",
        endpoint=Endpoint.ZONE,
        subject=report.domain,
        args=(("moment", _moment(report.survey.ended)), ("intervals", f"{INTERVALS} intervals of {_span(interval)}")),
    )
    override, expired = override_of(report.survey.policy, finding, now)
    state = override.state if override else State.UNKNOWN
    judgement = Judgement(
        id="1",
        finding=finding,
        severity=state,
        role=Role.ROOT,
        caused_by=None,
        accepted=reason_of(override) if override and state is State.OK else None,
        message=fill(RULES[_RULE].sentence, dict(finding.args)),
        remedy=remedy_of(finding),
        expired=expired,
    )
    return _accepted(report, judgement) if state is State.OK else _stale(report, judgement)


def _accepted(report: Report, judgement: Judgement) -> Report:
    """The report as it was, as policy takes its age for no fault; that it does is told."""
    last = 1 + len(report.roots)
    return replace(report, judgements=(*report.judgements, replace(judgement, id=str(last))))


def _stale(report: Report, judgement: Judgement) -> Report:
    """The one finding, and as a note what was so. No number of then is one of now."""
    counted = {f"causes_{state.value.lower()}": float(state is judgement.severity) for state in State}
    return replace(
        report,
        state=judgement.severity,
        summary=f"{judgement.message} [{_RULE}]",
        judgements=(judgement,),
        walks=(),
        measures=tuple(
            item._replace(value=counted.get(item.perfdata), metric="") for item in report.measures if item.perfdata
        ),
        notes=(f"at the last look it was {report.state.value}: {report.summary}",),
    )


def _moment(seconds: float) -> str:
    """Not how long ago: a line that tells another number at each check would be news each time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _span(seconds: float) -> str:
    """In the unit that it is a whole number of."""
    whole = next(((unit, word) for unit, word in ((3600, "h"), (60, "min")) if seconds % unit == 0), (1, "s"))
    return f"{seconds / whole[0]:g} {whole[1]}"
