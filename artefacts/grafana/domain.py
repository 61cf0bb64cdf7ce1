"""The dashboard of a domain: what each client meets, at which address, and what has changed."""

from artefacts.grafana.fleet import CERTIFICATES as FLEET_CERTIFICATES
from artefacts.grafana.fleet import RULE_LINK
from artefacts.grafana.panels import BY_EXIT_CODE, BY_LABEL, Kind, Link, Panel, Query, Row, Scale
from check_autodiscover.core.model.clients import Outcome

__all__ = ["DOMAIN"]

PAGE_LINK = Link("The exporter's page: cause, proof and fix", "${exporter}/domains/${__field.labels.instance}")
UP = {"0": ("down", "red"), "1": ("up", "green")}
YES = {"0": ("no", "red"), "1": ("yes", "green")}
PLACE = "view, endpoint, address"


def _colour(outcome: Outcome) -> str:
    return "purple" if outcome is Outcome.UNKNOWN else "green" if outcome.good else "red"


VERDICT = (
    Panel(
        title="State",
        description="The verdict of the last look. It leads to the exporter's page of the domain.",
        kind=Kind.NUMBERS,
        queries=(Query("max by (instance) (autodiscover_exit_code{F})", "{{instance}}", now=True),),
        unit=Scale.STATUS,
        names=BY_EXIT_CODE,
        links={"": PAGE_LINK},
        width=6,
        height=10,
    ),
    Panel(
        title="Causes and what follows from them",
        description="Every finding; root is a cause, and consequence what it brings with it.",
        kind=Kind.TABLE,
        queries=(
            Query("max by (instance, severity, role, rule, view, endpoint) (autodiscover_finding{F} == 1)", now=True),
        ),
        columns=("instance", "severity", "role", "rule", "view", "endpoint"),
        colours=BY_LABEL,
        links={"rule": RULE_LINK},
        nothing="Nothing was found.",
        width=12,
        height=10,
    ),
    Panel(
        title="How it is published",
        description="The method that clients are meant to find, declared or derived, and the server that it leads to.",
        kind=Kind.TABLE,
        queries=(Query("max by (instance, method, declared, server) (autodiscover_domain_info{F})", now=True),),
        columns=("instance", "method", "declared", "server"),
        width=6,
        height=10,
    ),
    Panel(
        title="Views agree",
        description="Whether judged clients fare alike in all views.",
        kind=Kind.NUMBERS,
        queries=(Query("min by (instance) (autodiscover_views_agree{F})", "{{instance}}", now=True),),
        unit=Scale.STATUS,
        names=YES,
        width=3,
        height=5,
    ),
    Panel(
        title="Accepted findings",
        description="Findings that policy lowered to OK; they alarm nobody any more.",
        kind=Kind.NUMBERS,
        queries=(Query("max by (instance) (autodiscover_accepted_findings{F})", "{{instance}}", now=True),),
        width=3,
        height=5,
    ),
    Panel(
        title="State over time",
        description="The verdict of each look.",
        kind=Kind.TIMELINE,
        queries=(Query("max by (instance) (autodiscover_exit_code{F})", "{{instance}}"),),
        unit=Scale.STATUS,
        names=BY_EXIT_CODE,
        links={"": PAGE_LINK},
        width=18,
        height=5,
    ),
)

CLIENTS = (
    Panel(
        title="What becomes of each client",
        description="How the walk of each judged client ends in each view: configured is good, asks-consent asks "
        "once, warned shows a certificate warning.",
        kind=Kind.TABLE,
        queries=(Query("max by (instance, client, view, outcome) (autodiscover_client_outcome{F} == 1)", now=True),),
        columns=("instance", "client", "view", "outcome"),
        colours={outcome.value: _colour(outcome) for outcome in Outcome},
        nothing="No client is judged.",
        height=9,
    ),
    Panel(
        title="Clients by outcome over time",
        description="How many judged clients, counted in each view, had which outcome.",
        kind=Kind.LINES,
        queries=(Query("count by (view, outcome) (autodiscover_client_outcome{F} == 1)", "{{view}}: {{outcome}}"),),
        stacked=True,
        height=9,
    ),
)

ENDPOINTS = (
    Panel(
        title="Endpoints by address",
        description="Whether each address accepts connections and, for https, makes a TLS session.",
        kind=Kind.TIMELINE,
        queries=(Query(f"min by ({PLACE}) (autodiscover_endpoint_up{{F}})", "{{view}} {{endpoint}} {{address}}"),),
        unit=Scale.STATUS,
        names=UP,
    ),
    Panel(
        title="HTTP status of the Autodiscover path",
        description="The worst of an endpoint's addresses. 401 is what a healthy Exchange answers to who has no "
        "credentials.",
        kind=Kind.LINES,
        queries=(Query("max by (view, endpoint) (autodiscover_http_status_code{F})", "{{view}} {{endpoint}}"),),
        unit=Scale.STATUS,
    ),
    Panel(
        title="Certificate covers the name",
        description="Whether the presented certificate has the name that clients contact.",
        kind=Kind.TIMELINE,
        queries=(
            Query(f"min by ({PLACE}) (autodiscover_certificate_name_match{{F}})", "{{view}} {{endpoint}} {{address}}"),
        ),
        unit=Scale.STATUS,
        names=YES,
        width=8,
    ),
    Panel(
        title="Certificate is trusted",
        description="Whether the presented certificate is trusted and in date.",
        kind=Kind.TIMELINE,
        queries=(
            Query(f"min by ({PLACE}) (autodiscover_certificate_trusted{{F}})", "{{view}} {{endpoint}} {{address}}"),
        ),
        unit=Scale.STATUS,
        names=YES,
        width=8,
    ),
    Panel(
        title="Client certificate demanded",
        description="Whether an endpoint asks for a client certificate, which Outlook does not have.",
        kind=Kind.TIMELINE,
        queries=(
            Query("max by (view, endpoint) (autodiscover_client_certificate_demanded{F})", "{{view}} {{endpoint}}"),
        ),
        unit=Scale.STATUS,
        names={"0": ("no", "green"), "1": ("yes", "red")},
        width=8,
    ),
)

CERTIFICATES = (
    *FLEET_CERTIFICATES,
    Panel(
        title="Presented certificates",
        description="Who presents which certificate. A key that is found at two endpoints is one server's.",
        kind=Kind.TABLE,
        queries=(
            Query(f"max by ({PLACE}, kind, issuer, fingerprint_sha256) (autodiscover_certificate_info{{F}})", now=True),
        ),
        columns=("view", "endpoint", "address", "kind", "issuer", "fingerprint_sha256"),
        nothing="No certificate was presented.",
        width=24,
        height=7,
    ),
)

DNS = (
    Panel(
        title="Answers that changed",
        description="How often the answers of DNS changed between looks, by view, endpoint and type.",
        kind=Kind.LINES,
        queries=(
            Query(
                "max by (view, endpoint, type) (changes(autodiscover_dns_answer_hash{F}[$__rate_interval]))",
                "{{view}} {{endpoint}} {{type}}",
            ),
        ),
    ),
    Panel(
        title="Addresses",
        description="How many addresses each endpoint's name has in each view; 0 where the name has none.",
        kind=Kind.LINES,
        queries=(Query("max by (view, endpoint) (autodiscover_dns_addresses{F})", "{{view}} {{endpoint}}"),),
    ),
    Panel(
        title="Resolvers",
        description="Whether each resolver answered every question that it was asked.",
        kind=Kind.TIMELINE,
        queries=(Query("min by (view, resolver) (autodiscover_resolver_up{F})", "{{view}} {{resolver}}"),),
        unit=Scale.STATUS,
        names=UP,
    ),
    Panel(
        title="Catch-alls",
        description="Below which names a catch-all answers, and for which endpoints it does.",
        kind=Kind.TIMELINE,
        queries=(
            Query("max by (view, parent) (autodiscover_dns_wildcard{F})", "{{view}} *.{{parent}}"),
            Query("max by (view, endpoint) (autodiscover_dns_wildcard_captures{F})", "{{view}} captures {{endpoint}}"),
        ),
        unit=Scale.STATUS,
        names={"0": ("none", "green"), "1": ("answers", "yellow")},
    ),
)

DRIFT = (
    Panel(
        title="Changes since the accepted baseline",
        description="Changes by their kind. The exporter's page tells what stood there before.",
        kind=Kind.LINES,
        queries=(Query("sum by (kind) (autodiscover_drift_changes{F})", "{{kind}}"),),
        nothing="No baseline was accepted.",
        width=16,
    ),
    Panel(
        title="Baseline accepted",
        description="How long ago the baseline was accepted.",
        kind=Kind.NUMBERS,
        queries=(
            Query("time() - max by (instance) (autodiscover_baseline_timestamp_seconds{F})", "{{instance}}", now=True),
        ),
        unit=Scale.SECONDS,
        nothing="never",
        width=8,
    ),
)

LOOKS = (
    Panel(
        title="What a look waits for",
        description="Time of the slowest DNS question and of the slowest connection.",
        kind=Kind.LINES,
        queries=(Query("max by (phase) (autodiscover_probe_phase_duration_seconds{F})", "{{phase}}"),),
        unit=Scale.SECONDS,
    ),
    Panel(
        title="How long a look takes",
        description="Its time, and the time that it was given.",
        kind=Kind.LINES,
        queries=(
            Query("max by (instance) (probe_duration_seconds{F})", "{{instance}}"),
            Query("max by (instance) (probe_timeout_seconds{F})", "{{instance}}: limit"),
        ),
        unit=Scale.SECONDS,
    ),
)

DOMAIN = (
    Row("Verdict", VERDICT),
    Row("Clients", CLIENTS),
    Row("Endpoints", ENDPOINTS),
    Row("Certificates", CERTIFICATES),
    Row("DNS", DNS),
    Row("Drift", DRIFT),
    Row("The look itself", LOOKS),
)
"""The dashboard, from top to bottom."""
