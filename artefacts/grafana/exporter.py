"""The row of the fleet's dashboard that tells whether the exporter keeps up."""

from artefacts.grafana.panels import BY_LABEL, Kind, Panel, Query, Scale

__all__ = ["EXPORTER"]

EXPORTER = (
    Panel(
        title="Lag of the schedule",
        description="For how long the most overdue domain has waited. More than a minute or two: raise concurrency or "
        "the interval.",
        kind=Kind.LINES,
        queries=(Query("max by (instance) (autodiscover_exporter_schedule_lag_seconds{F})", "{{instance}}"),),
        unit=Scale.SECONDS,
        width=8,
    ),
    Panel(
        title="Looks by their outcome",
        description="Looks at domains a second, by the state that they ended with.",
        kind=Kind.LINES,
        queries=(
            Query("sum by (outcome) (rate(autodiscover_exporter_probes_total{F}[$__rate_interval]))", "{{outcome}}"),
        ),
        unit=Scale.RATE,
        colours=BY_LABEL,
        width=8,
    ),
    Panel(
        title="Looks that failed, by reason",
        description="Looks a second that ended without a verdict. None of the reasons is the domain's.",
        kind=Kind.LINES,
        queries=(
            Query(
                "sum by (reason) (rate(autodiscover_exporter_probe_errors_total{F}[$__rate_interval]))", "{{reason}}"
            ),
        ),
        unit=Scale.RATE,
        width=8,
    ),
    Panel(
        title="How long looks take",
        description="The median, and what nine of ten looks stay below.",
        kind=Kind.LINES,
        queries=tuple(
            Query(
                f"histogram_quantile({quantile}, sum by (le) "
                "(rate(autodiscover_exporter_probe_duration_seconds_bucket{F}[$__rate_interval])))",
                name,
            )
            for quantile, name in ((0.5, "median"), (0.9, "nine of ten"))
        ),
        unit=Scale.SECONDS,
        width=8,
    ),
    Panel(
        title="Requests for a domain, by how they were served",
        description="Requests a second: from memory (hit), by a look of their own (miss), by one under way (shared).",
        kind=Kind.LINES,
        queries=(
            Query(
                "sum by (result) (rate(autodiscover_exporter_cache_requests_total{F}[$__rate_interval]))", "{{result}}"
            ),
        ),
        unit=Scale.RATE,
        width=8,
    ),
    Panel(
        title="Configuration",
        description="Whether the configuration file could be used when it was last read; if not, the exporter goes on "
        "with what it had.",
        kind=Kind.NUMBERS,
        queries=(
            Query(
                "min by (instance) (autodiscover_exporter_config_last_reload_successful{F})", "{{instance}}", now=True
            ),
        ),
        unit=Scale.STATUS,
        names={"0": ("has mistakes", "red"), "1": ("in use", "green")},
        width=8,
    ),
)
