"""The pages of metrics and of performance data.

Names and help texts are the programs' own; labels, limits and groups stand here, and a test compares them with
what reports really hold.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from autodiscover_exporter.telemetry import OwnMetrics
from check_autodiscover.core.model.metrics import METRICS

__all__ = ["LABELS", "PERFORMANCE", "Label", "metrics", "performance_data"]

_PLACE = ("view", "endpoint")
_ADDRESS = (*_PLACE, "address")
_IDENTITY = ("fingerprint_sha256", "public_key_sha256", "issuer", "kind")
_CERTIFICATE = "autodiscover_certificate_"

_GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    "The verdict": {
        "probe_success": (),
        "autodiscover_exit_code": (),
        "autodiscover_state": ("state",),
        "autodiscover_findings": ("severity",),
        "autodiscover_finding": ("rule", "severity", "role", *_PLACE),
        "autodiscover_accepted_findings": (),
        "autodiscover_client_outcome": ("view", "client", "outcome"),
        "autodiscover_views_agree": (),
        "autodiscover_domain_info": ("method", "declared", "server"),
    },
    "DNS": {
        "autodiscover_view_up": ("view",),
        "autodiscover_resolver_up": ("view", "resolver"),
        "autodiscover_dns_addresses": _PLACE,
        "autodiscover_dns_answer_hash": (*_PLACE, "type"),
        "autodiscover_dns_wildcard": ("view", "parent"),
        "autodiscover_dns_wildcard_captures": _PLACE,
    },
    "Certificates": {
        "probe_ssl_earliest_cert_expiry": (),
        f"{_CERTIFICATE}not_after_timestamp_seconds": _ADDRESS,
        f"{_CERTIFICATE}not_before_timestamp_seconds": _ADDRESS,
        f"{_CERTIFICATE}name_match": _ADDRESS,
        f"{_CERTIFICATE}trusted": _ADDRESS,
        f"{_CERTIFICATE}info": (*_ADDRESS, *_IDENTITY),
    },
    "Services": {
        "autodiscover_endpoint_up": _ADDRESS,
        "autodiscover_http_status_code": _PLACE,
        "autodiscover_client_certificate_demanded": _PLACE,
    },
    "Drift": {
        "autodiscover_drift_changes": ("kind",),
        "autodiscover_baseline_timestamp_seconds": (),
    },
    "The probe itself": {
        "probe_duration_seconds": (),
        "probe_timeout_seconds": (),
        "autodiscover_probe_phase_duration_seconds": ("phase",),
        "autodiscover_last_probe_timestamp_seconds": (),
    },
}

LABELS = {name: labels for group in _GROUPS.values() for name, labels in group.items()}
"""The labels of every metric of a target, in order."""

_METRICS = """# Metrics of autodiscover_exporter

All are gauges unless another type is named; times are in seconds. **What was not looked at is absent, never 0**, so
alert on `probe_success == 0` or `autodiscover_findings` rather than on absence.

`endpoint` is one of `root` (`https://contoso.com`), `autodiscover` (`https://autodiscover.contoso.com`), `redirect`
(`http://autodiscover.contoso.com` and where it leads), `srv` (the SRV record's target), `server` (a `--server` host
that clients do not meet), `zone` (the domain's DNS). `address` is filled for the domain's own endpoints; elsewhere, and
where a redirect leads to a host that is neither the domain's nor named by `--server` or `--expected-redirect`, it is
empty, and the value is the worst of all addresses, as it is for an endpoint with more than two. `autodiscover_state`
has one series a state, 1 for the one that holds; `autodiscover_client_outcome` has the series of the outcome that holds
alone.
"""


def metrics() -> str:
    """The page of all metrics: those of a target, and the exporter's own."""
    groups = (_group(title, names) for title, names in _GROUPS.items())
    return f"{_METRICS}\n## Of a target, at `/probe`\n\n" + "\n".join(groups) + f"\n{_own()}"


def _group(title: str, names: dict[str, tuple[str, ...]]) -> str:
    rows = (f"| `{name}` | {_listed(labels)} | {METRICS[name]} |" for name, labels in names.items())
    return f"## {title}\n| metric | labels | |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _listed(names: tuple[str, ...]) -> str:
    return " ".join(f"`{name}`" for name in names)


_HELP = re.compile(r"^# HELP (autodiscover_\S+) (.*)\n# TYPE \S+ (\w+)$", re.MULTILINE)


def _own() -> str:
    exposition = OwnMetrics("0").render().decode()
    rows = (
        f"| `{name}` | {kind} | {_listed(_labels(exposition, name))} | {text} |"
        for name, text, kind in _HELP.findall(exposition)
    )
    head = "## The exporter's own, at `/metrics`\n\n| metric | type | labels | |\n|---|---|---|---|\n"
    end = "\n\nBeside them stand the usual `process_` metrics.\n"
    return head + "\n".join(rows) + end


def _labels(exposition: str, name: str) -> tuple[str, ...]:
    """The label names of a metric's first series; a histogram's bucket limit is none of its own."""
    found = re.search(rf"^{name}\{{(.*)\}} ", exposition, re.MULTILINE)
    return tuple(re.findall(r'(\w+)="', found.group(1))) if found else ()


@dataclass(frozen=True)
class Label:
    """One number of the performance data; `limited` if it may have thresholds, `most` what its maximum is."""

    name: str
    unit: str
    meaning: str
    limited: bool = False
    most: str = ""


PERFORMANCE = (
    Label("time", "s", "how long the check took", most="`--timeout`"),
    Label("causes_critical", "", "causes that are critical"),
    Label("causes_warning", "", "causes that are a warning"),
    Label("causes_unknown", "", "causes that are unknown"),
    Label(
        "cert_left", "s", "life left of the intended endpoint's certificate that ends first", True, "its whole lifetime"
    ),
    Label("drift", "", "changes since the accepted baseline; `U` without one"),
    Label("warned_<view>", "", "judged clients that are warned, or led to a stranger"),
    Label("addr_<view>", "", "addresses of the intended endpoint"),
    Label("dns_<view>", "s", "the slowest DNS answer"),
    Label("left_<view>", "s", "as `cert_left`, in this view", True, "its whole lifetime"),
)
"""The performance data in its order; labels with `<view>` are repeated for each view, in the order of the options."""

_PERFORMANCE = """# Performance data of check_autodiscover

All of it stands on the first line, behind the bar; `--no-perfdata` leaves it out. Which labels there are, and their
order, depends on options alone and never on what was seen: a value that is not known is `U`. The minimum is always 0.
Limits in the table are those of the certificate that was seen (a share of its lifetime may be the smaller limit), in
seconds.

| label | unit | warning and critical | maximum | |
|---|---|---|---|---|
"""


def performance_data() -> str:
    """The page of the plugin's performance data."""
    return _PERFORMANCE + "\n".join(_performance_rows()) + "\n"


def _performance_rows() -> Iterator[str]:
    for label in PERFORMANCE:
        limits = "`--warning`, `--critical`" if label.limited else ""
        yield f"| `{label.name}` | {label.unit} | {limits} | {label.most} | {label.meaning} |"
