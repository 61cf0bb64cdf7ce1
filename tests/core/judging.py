"""What a report says of one rule, as values that a table of expectations can name."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from check_autodiscover.core.model.report import Judgement, Report
from check_autodiscover.core.verdict.judge import judge
from tests.core.worlds import World, survey_of

__all__ = ["BOTH", "Told", "assert_told", "rules_of", "said", "verdict"]

BOTH = ("inside", "outside")


@dataclass(frozen=True)
class Told:
    """What a report must say of a rule at one endpoint: the same in each of `views`.

    `cause` is the rule of the root, empty for a root; of `args` only those named are compared.
    """

    rule: str
    severity: str
    endpoint: str
    subject: str
    addresses: tuple[str, ...] = ()
    views: tuple[str, ...] = BOTH
    cause: str = ""
    args: Mapping[str, str] = field(default_factory=dict)


def verdict(world: World) -> Report:
    """The report on a world."""
    return judge(survey_of(world))


def rules_of(report: Report) -> set[str]:
    """The rules that found anything."""
    return {item.finding.rule for item in report.judgements}


def said(report: Report, wanted: Told) -> list[Told]:
    """What the report says of the rule at the endpoint that is wanted, one for each finding."""
    return [
        _told(report, item, wanted)
        for item in report.judgements
        if (item.finding.rule, item.finding.endpoint.value) == (wanted.rule, wanted.endpoint)
    ]


def _told(report: Report, item: Judgement, wanted: Told) -> Told:
    roots = {root.id: root.finding.rule for root in report.roots}
    return Told(
        rule=item.finding.rule,
        severity=item.severity.value,
        endpoint=item.finding.endpoint.value,
        subject=item.finding.subject,
        addresses=item.finding.addresses,
        views=(item.finding.view,),
        cause=roots.get(item.caused_by or "", ""),
        args={name: item.finding.arg(name) for name in wanted.args},
    )


def expected(wanted: Told) -> list[Told]:
    """The same as `said` should give: one for each view."""
    return [
        Told(
            wanted.rule,
            wanted.severity,
            wanted.endpoint,
            wanted.subject,
            wanted.addresses,
            (view,),
            wanted.cause,
            wanted.args,
        )
        for view in wanted.views
    ]


def assert_told(world: World, wanted: Told) -> None:
    """Compares what a world's report says of a rule with what it must say, whatever the order of views."""
    report = verdict(world)
    told = sorted(said(report, wanted), key=lambda item: item.views)
    assert told == sorted(expected(wanted), key=lambda item: item.views), report.summary
