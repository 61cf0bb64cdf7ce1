"""What a metric is: a row each, and a value with its labels."""

from typing import NamedTuple

__all__ = ["METRICS", "Measure", "metric"]


class Measure(NamedTuple):
    """One number. `metric` and `perfdata` are its two names, empty where it has none of the kind.

    `value` is None where it was not looked at; `unit` is `s` or empty; the limits are in the unit, None for none.
    It is a tuple because a report has a hundred of them, and one is made in a third of the time.
    """

    perfdata: str = ""
    metric: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    value: float | None = None
    unit: str = ""
    warning: float | None = None
    critical: float | None = None
    minimum: float | None = None
    maximum: float | None = None

    @property
    def help(self) -> str:
        """The metric's help text."""
        return METRICS.get(self.metric, "")


METRICS = {
    "probe_success": "1 unless the verdict is CRITICAL or UNKNOWN.",
    "probe_duration_seconds": "Seconds that the probe took.",
    "probe_timeout_seconds": "Seconds that the probe was given.",
    "probe_ssl_earliest_cert_expiry": "Unix time at which the intended endpoint's first certificate expires.",
    "autodiscover_exit_code": "The plugin's exit code for the same verdict: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
    "autodiscover_state": "The verdict as a state set.",
    "autodiscover_findings": "Causes (roots) by severity.",
    "autodiscover_finding": "1 for each finding, roots and consequences.",
    "autodiscover_accepted_findings": "Findings that policy lowered to OK.",
    "autodiscover_certificate_not_after_timestamp_seconds": "End of the presented certificate's life, Unix time.",
    "autodiscover_certificate_not_before_timestamp_seconds": "Start of the presented certificate's life, Unix time.",
    "autodiscover_certificate_name_match": "1 if the presented certificate covers the name that clients contact.",
    "autodiscover_certificate_trusted": "1 if the presented certificate is trusted and in date.",
    "autodiscover_certificate_info": "1, with the presented certificate's identity as labels.",
    "autodiscover_endpoint_up": "1 if the address accepts the connection and, for https, a TLS session.",
    "autodiscover_http_status_code": "HTTP status of the Autodiscover path, the worst of its addresses.",
    "autodiscover_client_certificate_demanded": "1 if the endpoint asks for a client certificate.",
    "autodiscover_client_outcome": "1 for how a judged client's walk ends.",
    "autodiscover_view_up": "1 if the view's resolvers answered.",
    "autodiscover_resolver_up": "1 if the resolver answered every question it was asked.",
    "autodiscover_dns_addresses": "Addresses that the endpoint's name has in the view.",
    "autodiscover_dns_answer_hash": "CRC-32 of the answer's sorted data: equal where two probes see the same records.",
    "autodiscover_dns_wildcard": "1 if a catch-all answers below the parent.",
    "autodiscover_dns_wildcard_captures": "1 if a catch-all answers for the endpoint's name.",
    "autodiscover_views_agree": "1 if judged clients fare alike in all views.",
    "autodiscover_probe_phase_duration_seconds": "Seconds that the slowest DNS question and connection took.",
    "autodiscover_domain_info": "1, with the effective and the declared method and the server as labels.",
    "autodiscover_drift_changes": "Changes since the accepted baseline, by kind.",
    "autodiscover_baseline_timestamp_seconds": "Unix time at which the baseline was accepted.",
    "autodiscover_last_probe_timestamp_seconds": "Unix time at which the probe ended.",
}
"""Every metric of a target, with its help text."""


def metric(name: str, value: float | None, **labels: str) -> Measure:
    """A number that stands in the metrics alone."""
    return Measure(metric=name, value=value, labels=tuple(labels.items()))
