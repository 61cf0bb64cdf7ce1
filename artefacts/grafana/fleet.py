"""The dashboard of all domains: how many are in which state, why, since when, and whether the exporter keeps up."""

from artefacts.grafana.exporter import EXPORTER
from artefacts.grafana.panels import BY_EXIT_CODE, BY_LABEL, Kind, Link, Panel, Query, Row, Scale, Steps
from artefacts.prometheus.settings import Settings, seconds
from check_autodiscover.core.model.clients import Outcome

__all__ = ["DOMAIN_UID", "FLEET"]

DOMAIN_UID = "autodiscover-domain"
"""The dashboard of a domain, where the names of domains lead."""

DOMAIN_LINK = Link(
    "This domain",
    f"/d/{DOMAIN_UID}?${{datasource:queryparam}}&${{job:queryparam}}&var-exporter=${{exporter}}"
    "&var-instance=${__value.raw}&${__url_time_range}",
)
RULE_LINK = Link("What the rule means, and the fix", "${exporter}/rules/${__value.raw}")

HIT = "|".join(outcome.value for outcome in Outcome if not outcome.good and outcome is not Outcome.UNKNOWN)
"""The outcomes in which users are warned, misled, or find nothing."""

AT_ONCE: Steps = ((None, "green"), (1, "red"))
DAYS_LEFT: Steps = ((None, "red"), (14, "yellow"), (30, "green"))
SHARE_LEFT: Steps = ((None, "red"), (0.15, "yellow"), (0.25, "green"))

ENDS_FIRST = (
    "autodiscover_certificate_not_after_timestamp_seconds{F}"
    " == on (job, instance) group_left () probe_ssl_earliest_cert_expiry{F}"
)
LIFETIME = (
    "(autodiscover_certificate_not_after_timestamp_seconds{F}"
    " - autodiscover_certificate_not_before_timestamp_seconds{F})"
)

NOW = (
    Panel(
        title="Domains by state",
        description="How many of the chosen domains are in which state, as their last result says.",
        kind=Kind.NUMBERS,
        queries=(Query("sum by (state) (autodiscover_state{F})", "{{state}}", now=True),),
        colours=BY_LABEL,
        width=8,
        height=5,
    ),
    Panel(
        title="Domains whose users are hit",
        description="Domains where at least one judged client gets a certificate warning, a stranger's login or "
        "settings, or finds nothing.",
        kind=Kind.NUMBERS,
        queries=(
            Query(
                f'count(group by (job, instance) (autodiscover_client_outcome{{F, outcome=~"{HIT}"}} == 1))'
                " or vector(0)",
                "hit",
                now=True,
            ),
        ),
        steps=AT_ONCE,
        width=4,
        height=5,
    ),
    Panel(
        title="Blind views",
        description="Views of domains in which no resolver answered: what clients meet there is not known.",
        kind=Kind.NUMBERS,
        queries=(Query("count(autodiscover_view_up{F} == 0) or vector(0)", "blind", now=True),),
        steps=((None, "green"), (1, "purple")),
        width=3,
        height=5,
    ),
    Panel(
        title="Catch-alls",
        description="Views of domains in which a catch-all (*) answers for names that nobody published.",
        kind=Kind.NUMBERS,
        queries=(Query("count(autodiscover_dns_wildcard{F} == 1) or vector(0)", "catch-alls", now=True),),
        steps=((None, "green"), (1, "yellow")),
        width=3,
        height=5,
    ),
    Panel(
        title="First certificate to end",
        description="Time until the first of all intended endpoints' certificates expires.",
        kind=Kind.NUMBERS,
        queries=(Query("min(probe_ssl_earliest_cert_expiry{F}) - time()", "left", now=True),),
        unit=Scale.SECONDS,
        steps=((None, "red"), (14 * 86400, "yellow"), (30 * 86400, "green")),
        width=3,
        height=5,
    ),
    Panel(
        title="Oldest result",
        description="Age of the result that was looked for longest ago. More than three intervals of the schedule is "
        "too old to be trusted.",
        kind=Kind.NUMBERS,
        queries=(Query("time() - min(autodiscover_last_probe_timestamp_seconds{F})", "age", now=True),),
        unit=Scale.SECONDS,
        steps=((None, "green"), (seconds(Settings().stale_after), "yellow")),
        width=3,
        height=5,
    ),
)

CAUSES = (
    Panel(
        title="Causes",
        description="What is wrong, by its cause alone; consequences are left out. The domain leads to its own "
        "dashboard, the rule to what it means.",
        kind=Kind.TABLE,
        queries=(
            Query(
                "max by (severity, instance, rule, view, endpoint) "
                '(autodiscover_finding{F, role="root", severity!="ok"} == 1)',
                now=True,
            ),
        ),
        columns=("severity", "instance", "rule", "view", "endpoint"),
        colours=BY_LABEL,
        links={"instance": DOMAIN_LINK, "rule": RULE_LINK},
        nothing="No domain has a fault.",
        width=14,
        height=10,
    ),
    Panel(
        title="Domains by cause",
        description="How many domains have each cause: a step that many of them make together is one server's or one "
        "registrar's.",
        kind=Kind.LINES,
        queries=(
            Query(
                "count by (rule) (group by (job, instance, rule) "
                '(autodiscover_finding{F, role="root", severity!="ok"} == 1))',
                "{{rule}}",
            ),
        ),
        nothing="No domain had a fault.",
        width=10,
        height=10,
    ),
)

OVER_TIME = (
    Panel(
        title="Domains that were not always OK",
        description="The state of each domain that had another one than OK in the chosen time.",
        kind=Kind.TIMELINE,
        queries=(
            Query(
                "max by (instance) (autodiscover_exit_code{F}) and on (instance) "
                "(max by (instance) (max_over_time(autodiscover_exit_code{F}[$__range] @ end())) > 0)",
                "{{instance}}",
            ),
        ),
        unit=Scale.STATUS,
        names=BY_EXIT_CODE,
        links={"": Link("This domain", DOMAIN_LINK.url.replace("__value.raw", "__field.labels.instance"))},
        nothing="All domains were OK all the time.",
        width=14,
        height=10,
    ),
    Panel(
        title="Domains by state over time",
        description="How many of the chosen domains were in which state.",
        kind=Kind.LINES,
        queries=(Query("sum by (state) (autodiscover_state{F})", "{{state}}"),),
        colours=BY_LABEL,
        stacked=True,
        width=10,
        height=10,
    ),
)

CERTIFICATES = (
    Panel(
        title="Days left",
        description="The domains whose intended endpoint's certificate ends first, at most 20.",
        kind=Kind.BARS,
        queries=(
            Query(
                "bottomk(20, (min by (instance) (probe_ssl_earliest_cert_expiry{F}) - time()) / 86400)",
                "{{instance}}",
                now=True,
            ),
        ),
        unit=Scale.DAYS,
        steps=DAYS_LEFT,
        height=9,
    ),
    Panel(
        title="Share of the lifetime left",
        description="The same as a share of the certificate's lifetime, by which short-lived ones are judged.",
        kind=Kind.BARS,
        queries=(
            Query(
                f"bottomk(20, min by (instance) ((({ENDS_FIRST}) - time()) / {LIFETIME}))",
                "{{instance}}",
                now=True,
            ),
        ),
        unit=Scale.SHARE,
        steps=SHARE_LEFT,
        height=9,
    ),
)

DNS = (
    Panel(
        title="Views that are blind",
        description="Where no resolver of a view answered for a domain.",
        kind=Kind.TABLE,
        queries=(Query("max by (instance, view) (autodiscover_view_up{F} == bool 0) > 0", now=True),),
        columns=("instance", "view"),
        links={"instance": DOMAIN_LINK},
        nothing="All views see.",
        width=8,
    ),
    Panel(
        title="Catch-alls in DNS",
        description="Where a catch-all answers below a name, and in which view. It takes over any name that loses its "
        "record.",
        kind=Kind.TABLE,
        queries=(Query("max by (instance, view, parent) (autodiscover_dns_wildcard{F} == 1)", now=True),),
        columns=("instance", "view", "parent"),
        links={"instance": DOMAIN_LINK},
        nothing="There are none.",
        width=8,
    ),
    Panel(
        title="Changes since the accepted baselines",
        description="Changes by their kind; only domains with an accepted baseline count.",
        kind=Kind.LINES,
        queries=(Query("sum by (kind) (autodiscover_drift_changes{F})", "{{kind}}"),),
        nothing="No domain has a baseline: autodiscoverctl baseline accept.",
        width=8,
    ),
)

FLEET = (
    Row("Now", NOW),
    Row("Why", CAUSES),
    Row("Since when", OVER_TIME),
    Row("Certificates", CERTIFICATES),
    Row("DNS and drift", DNS),
    Row("The exporter", EXPORTER),
)
"""The dashboard, from top to bottom."""
