"""Alerts about what keeps domains from being looked at: views, exporters, their configuration, schedule and load."""

from collections.abc import Iterator

from artefacts.prometheus import words
from artefacts.prometheus.alert import Alert
from artefacts.prometheus.settings import Settings, of_any_satellite, seconds

__all__ = ["exporter_alerts"]

_OWN = "autodiscover_exporter"
_HOST = "{{ $labels.instance }}: "
_SOME = "Some of them:"


def exporter_alerts(settings: Settings) -> Iterator[Alert]:
    """What blinds all domains first."""
    yield from _blind(settings)
    yield from _behind(settings)
    yield from _in_trouble(settings)


def _blind(settings: Settings) -> Iterator[Alert]:
    up = f'up{{job=~"{of_any_satellite(settings.exporter_job)}"}}'
    none_up = f"count by (job) ({up}) unless count by (job) ({up} == 1)"
    yield Alert(
        name="AutodiscoverNobodyLooks",
        severity="critical",
        expression=f'absent(up{{job="{settings.exporter_job}"}})\nor\n{none_up}',
        wait=settings.exporter_down_for,
        about="",
        summary="No exporter of the job {{ $labels.job }} answers: nobody looks at its domains",
        description="Is autodiscover_exporter running (systemctl status autodiscover_exporter), and is its /metrics "
        "scraped by a job of that name? What else is told of its domains is old.",
    )
    yield Alert(
        name="AutodiscoverExporterDown",
        severity="warning",
        expression=f"{up} == 0",
        wait=settings.exporter_down_for,
        about="",
        summary=_HOST + "The exporter does not answer",
        description="Nobody looks at its domains. On its host: systemctl status autodiscover_exporter, journalctl -u "
        "autodiscover_exporter; from Prometheus's: curl http://{{ $labels.instance }}/-/healthy",
    )
    blind = "count by (job, view) (autodiscover_view_up == 0)\n/\ncount by (job, view) (autodiscover_view_up)"
    yield Alert(
        name="AutodiscoverViewBlind",
        severity="warning",
        expression=f"{blind}\n>= {settings.view_blind_share:g}",
        wait=settings.view_blind_for,
        keep=settings.keep_firing_for,
        about="dns-lookup-failed",
        summary="View {{ $labels.view }}: no resolver answers, at {{ humanizePercentage $value }} of the domains",
        description="What clients of this view see is not known. Ask its resolvers from the exporter's host (dig "
        f"@RESOLVER contoso.com); they are in the configuration: {settings.exporter_url}/config",
    )


def _behind(settings: Settings) -> Iterator[Alert]:
    domains, own = of_any_satellite(settings.job), of_any_satellite(settings.exporter_job)
    failing = f'up{{job=~"{domains}", job!~"{own}"}} == 0'
    yield Alert(
        name="AutodiscoverScrapesFail",
        severity="warning",
        expression=f"count by (job) ({failing})",
        wait=settings.scrapes_fail_for,
        about="",
        summary="Domains that cannot be scraped: {{ $value }}",
        description="The exporter refuses them, or is too slow for Prometheus: the reason stands at Prometheus's "
        f"/targets. {_SOME}{words.listed('up{job=%q} == 0', 'job')}",
    )
    old = f"time() - autodiscover_last_probe_timestamp_seconds > {seconds(settings.stale_after)}"
    query = f"time() - autodiscover_last_probe_timestamp_seconds{{job=%q}} > {seconds(settings.stale_after)}"
    yield Alert(
        name="AutodiscoverResultsStale",
        severity="warning",
        expression=f"count by (job) ({old})",
        wait=settings.stale_for,
        about="check-report-stale",
        summary=f"Domains that were not looked at for {settings.stale_after}: {{{{ $value }}}}",
        description="What is told of them is old. See whether the exporter keeps up, and what fails: "
        f"{_OWN}_schedule_lag_seconds, {_OWN}_probe_errors_total. {_SOME}{words.listed(query, 'job')}",
    )
    yield Alert(
        name="AutodiscoverScheduleLag",
        severity="warning",
        expression=f"{_OWN}_schedule_lag_seconds > {seconds(settings.lag)}",
        wait=settings.lag_for,
        about="",
        summary=f"{_HOST}The schedule is {words.AGE} late",
        description="Domains are looked at less often than the interval says. Raise schedule.concurrency or "
        "schedule.interval, or share the domains out between exporters.",
    )


def _in_trouble(settings: Settings) -> Iterator[Alert]:
    yield Alert(
        name="AutodiscoverReloadFailed",
        severity="warning",
        expression=f"{_OWN}_config_last_reload_successful == 0",
        wait=settings.reload_failed_for,
        about="",
        summary=_HOST + "The configuration file has mistakes",
        description="The configuration of before holds, and a restart would fail. Every mistake, by line: "
        "autodiscover_exporter --config.file /etc/check_autodiscover/autodiscover.yml --config.check",
    )
    errors = f"{_OWN}_probe_errors_total"
    yield Alert(
        name="AutodiscoverOverload",
        severity="warning",
        expression=f'increase({errors}{{reason=~"overload|deadline"}}[{settings.errors_window}]) > 0',
        wait=settings.errors_for,
        about="check-out-of-resources",
        summary=f"{_HOST}Too much to do: {{{{ $value | humanize }}}} looks in vain in {settings.errors_window} "
        "[{{ $labels.reason }}]",
        description="Domains are UNKNOWN for no reason of theirs. Use schedule, so that scrapes are served from "
        "memory; scrape less often; or share the domains out between exporters.",
    )
    yield Alert(
        name="AutodiscoverLooksFail",
        severity="warning",
        expression=f'increase({errors}{{reason!~"overload|deadline"}}[{settings.errors_window}]) > 0',
        wait=settings.errors_for,
        about="check-internal-error",
        summary=f"{_HOST}Looks fail by themselves [{{{{ $labels.reason }}}}]",
        description="trust-anchors: a CA file of the configuration cannot be read; password-file: nor can the "
        "directory's password; internal, overrun: please report them, with the exporter's log.",
    )
