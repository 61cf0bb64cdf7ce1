"""What each alert about the exporter fires for, and what it stays silent at."""

from collections.abc import Iterator, Mapping

from artefacts.prometheus.case import Case, Domain, Fired, Found, constant, exporter
from artefacts.prometheus.settings import Settings, seconds

__all__ = ["exporter_cases"]

CONTOSO, FABRIKAM = "contoso.com", "fabrikam.com"
DOWN = constant(0)
LATE, OLD = 90, 45
"""Minutes."""


def exporter_cases(settings: Settings) -> Iterator[Case]:
    """Those of the alerts in their order."""
    yield from _down(settings)
    yield from _views(settings)
    yield from _old(settings)
    yield from _own(settings)


def _fired(
    settings: Settings, summary: str, description: str, labels: Mapping[str, str], *, host: bool = True
) -> Fired:
    place = {"job": settings.exporter_job, "instance": settings.exporter} if host else {"job": settings.job}
    return Fired(labels={**place, "severity": "warning", **labels}, summary=summary, description=description)


def _down(settings: Settings) -> Iterator[Case]:
    nobody, down, wait = "AutodiscoverNobodyLooks", "AutodiscoverExporterDown", settings.exporter_down_for
    answers = exporter(settings)
    other = {f'up{{job="{settings.exporter_job}", instance="other.example:10093"}}': DOWN}
    text = (
        "Is autodiscover_exporter running (systemctl status autodiscover_exporter), and is its /metrics scraped by a "
        "job of that name? What else is told of its domains is old."
    )
    fired = Fired(
        labels={"job": settings.exporter_job, "severity": "critical"},
        summary=f"No exporter of the job {settings.exporter_job} answers: nobody looks at its domains",
        description=text,
    )
    yield Case(name="none is scraped", alert=nobody, seen=(Domain(name=CONTOSO),), wait=wait, fires=[fired])
    yield Case(name="the only one is down", alert=nobody, seen=(exporter(settings, up=DOWN),), wait=wait, fires=[fired])
    yield Case(name="one of two is down", alert=nobody, seen=(answers, other), wait=wait)
    yield Case(
        name="a satellite's is down",
        alert=nobody,
        seen=(answers, {f'up{{job="{settings.exporter_job}-inside", instance="other.example:10093"}}': DOWN}),
        wait=wait,
        fires=[
            Fired(
                labels={"job": f"{settings.exporter_job}-inside", "satellite": "inside", "severity": "critical"},
                summary=f"No exporter of the job {settings.exporter_job}-inside answers: nobody looks at its domains",
                description=text,
            )
        ],
    )
    yield Case(
        name="one of two is down",
        alert=down,
        seen=(answers, other),
        wait=wait,
        fires=[
            _fired(
                settings,
                "other.example:10093: The exporter does not answer",
                "Nobody looks at its domains. On its host: systemctl status autodiscover_exporter, journalctl -u "
                "autodiscover_exporter; from Prometheus's: curl http://other.example:10093/-/healthy",
                {"instance": "other.example:10093"},
            )
        ],
    )
    yield Case(name="it answers", alert=down, seen=(answers,), wait=wait)


def _views(settings: Settings) -> Iterator[Case]:
    alert, wait = "AutodiscoverViewBlind", settings.view_blind_for
    blind = tuple(Domain(name=name, blind=("outside",)) for name in (CONTOSO, FABRIKAM))
    fired = _fired(
        settings,
        "View outside: no resolver answers, at 100% of the domains",
        "What clients of this view see is not known. Ask its resolvers from the exporter's host (dig @RESOLVER "
        f"contoso.com); they are in the configuration: {settings.exporter_url}/config",
        {"view": "outside", "rule": "dns-lookup-failed"},
        host=False,
    )
    yield Case(name="nobody answers the view's questions", alert=alert, seen=blind, wait=wait, fires=[fired])
    few = (blind[0], *(Domain(name=f"d{number}.example") for number in range(3)))
    yield Case(name="a few domains' own servers are silent", alert=alert, seen=few, wait=wait)


def _old(settings: Settings) -> Iterator[Case]:
    fails, stale = "AutodiscoverScrapesFail", "AutodiscoverResultsStale"
    yield _refused(settings, "a domain is refused", Domain(name=FABRIKAM), {"job": settings.job})
    away = {f'up{{job="{settings.exporter_job}-inside", instance="other.example:10093"}}': DOWN}
    yield _refused(
        settings,
        "a satellite's domain is refused, and its exporter does not answer",
        away,
        {"job": f"{settings.job}-inside", "satellite": "inside"},
    )
    unwell = Domain(name=CONTOSO, found=(Found("dns-lookup-failed", "unknown"),))
    yield Case(name="a domain in a bad way", alert=fails, seen=(unwell,), wait=settings.scrapes_fail_for)
    old = Domain(name=CONTOSO, looked_at=constant(0))
    after = f"{seconds(settings.stale_after) + 120}s"
    yield Case(
        name="a domain is looked at no more",
        alert=stale,
        seen=(old, Domain(name=FABRIKAM)),
        wait=settings.stale_for,
        after=after,
        fires=[
            _fired(
                settings,
                f"Domains that were not looked at for {settings.stale_after}: 1",
                "What is told of them is old. See whether the exporter keeps up, and what fails: "
                "autodiscover_exporter_schedule_lag_seconds, autodiscover_exporter_probe_errors_total. "
                f"Some of them: {CONTOSO}",
                {"rule": "check-report-stale"},
                host=False,
            )
        ],
    )
    yield Case(name="all are", alert=stale, seen=(Domain(name=FABRIKAM),), wait=settings.stale_for, after=after)


def _refused(settings: Settings, name: str, beside: Domain | Mapping[str, str], labels: Mapping[str, str]) -> Case:
    """A domain of the labels' job cannot be scraped."""
    return Case(
        name=name,
        alert="AutodiscoverScrapesFail",
        seen=({f'up{{job="{labels["job"]}", instance="{CONTOSO}"}}': DOWN}, beside),
        wait=settings.scrapes_fail_for,
        fires=[
            _fired(
                settings,
                "Domains that cannot be scraped: 1",
                "The exporter refuses them, or is too slow for Prometheus: the reason stands at Prometheus's /targets. "
                f"Some of them: {CONTOSO}",
                labels,
                host=False,
            )
        ],
    )


def _own(settings: Settings) -> Iterator[Case]:
    failed = min(seconds(settings.errors_window), seconds(settings.errors_for) + 120) / 60
    yield from _of_its_own(
        settings,
        ("AutodiscoverScheduleLag", settings.lag_for, "schedule_lag_seconds", constant(3 * seconds(settings.lag))),
        f"The schedule is {_told(3 * seconds(settings.lag))} late",
        "Domains are looked at less often than the interval says. Raise schedule.concurrency or schedule.interval, or "
        "share the domains out between exporters.",
    )
    yield from _of_its_own(
        settings,
        ("AutodiscoverReloadFailed", settings.reload_failed_for, "config_last_reload_successful", DOWN),
        "The configuration file has mistakes",
        "The configuration of before holds, and a restart would fail. Every mistake, by line: autodiscover_exporter "
        "--config.file /etc/check_autodiscover/autodiscover.yml --config.check",
    )
    yield from _of_its_own(
        settings,
        ("AutodiscoverOverload", settings.errors_for, "overload", "0+1x240"),
        f"Too much to do: {failed:g} looks in vain in {settings.errors_window} [overload]",
        "Domains are UNKNOWN for no reason of theirs. Use schedule, so that scrapes are served from memory; scrape "
        "less often; or share the domains out between exporters.",
        {"rule": "check-out-of-resources", "reason": "overload"},
    )
    yield from _of_its_own(
        settings,
        ("AutodiscoverLooksFail", settings.errors_for, "internal", "0+1x240"),
        "Looks fail by themselves [internal]",
        "trust-anchors: a CA file of the configuration cannot be read; password-file: nor can the directory's "
        "password; internal, overrun: please report them, with the exporter's log.",
        {"rule": "check-internal-error", "reason": "internal"},
    )


def _told(duration: int) -> str:
    """As Prometheus's humanizeDuration has it."""
    hours, rest = divmod(duration, 3600)
    return f"{hours}h {rest // 60}m {rest % 60}s" if hours else f"{rest // 60}m {rest % 60}s"


def _of_its_own(
    settings: Settings,
    about: tuple[str, str, str, str],
    summary: str,
    description: str,
    labels: Mapping[str, str] | None = None,
) -> Iterator[Case]:
    """It fires for one series that is not in health, and for none that is; `about`: alert, wait, series, values."""
    alert, wait, series, values = about
    fired = _fired(settings, f"{settings.exporter}: {summary}", description, labels or {})
    yield Case(
        name=f"{series} says so", alert=alert, seen=(exporter(settings, **{series: values}),), wait=wait, fires=[fired]
    )
    yield Case(name="in health", alert=alert, seen=(exporter(settings),), wait=wait)
