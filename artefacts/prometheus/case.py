"""A case of the rules' own tests: what Prometheus has seen, and which alerts it then fires, in which words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from artefacts.prometheus.settings import Settings, seconds
from check_autodiscover.core.model.policy import DAY

__all__ = ["Case", "Domain", "Fired", "Found", "constant", "exporter", "render_case"]

MINUTE = 60
LASTS = 4 * 60
"""Samples, one a minute unless a case says otherwise, from the start on, which is 0 in Unix time."""


def constant(value: float, samples: int = LASTS) -> str:
    """A value that stays, in promtool's notation."""
    return f"{value:g}+0x{samples}"


@dataclass(frozen=True, slots=True)
class Found:
    """A finding of a domain."""

    rule: str
    severity: str
    view: str = "outside"
    endpoint: str = "autodiscover"
    role: str = "root"

    def series(self, place: str) -> str:
        """Its series; `place` are job and instance."""
        labels = f'rule="{self.rule}", severity="{self.severity}", role="{self.role}"'
        return f'autodiscover_finding{{{place}, {labels}, view="{self.view}", endpoint="{self.endpoint}"}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A domain as the exporter shows it to Prometheus. Days of its certificate's life; outcomes by view."""

    name: str
    server: str = "mail.contoso.com"
    method: str = "host"
    found: Sequence[Found] = ()
    outcomes: Mapping[str, str] = field(default_factory=dict)
    exit_code: int = 0
    days_left: float = 90
    lifetime: float = 180
    blind: Sequence[str] = ()
    wildcard: str = constant(0)
    looked_at: str = "0+60x240"

    def series(self, settings: Settings) -> dict[str, str]:
        """All series that alerts go by, with their values."""
        place = f'job="{settings.job}", instance="{self.name}"'
        own = f'{place}, view="outside", endpoint="autodiscover", address="203.0.113.10"'
        ends = round(self.days_left * DAY)
        values = {
            f"up{{{place}}}": constant(1),
            f"autodiscover_exit_code{{{place}}}": constant(self.exit_code),
            f'autodiscover_domain_info{{{place}, method="{self.method}", declared="auto", server="{self.server}"}}': (
                constant(1)
            ),
            f"autodiscover_last_probe_timestamp_seconds{{{place}}}": self.looked_at,
            f"probe_ssl_earliest_cert_expiry{{{place}}}": _exact(ends),
            f"autodiscover_certificate_not_after_timestamp_seconds{{{own}}}": _exact(ends),
            f"autodiscover_certificate_not_before_timestamp_seconds{{{own}}}": _exact(
                ends - round(self.lifetime * DAY)
            ),
            f'autodiscover_dns_wildcard{{{place}, view="outside", parent="{self.name}"}}': self.wildcard,
            **{item.series(place): constant(1) for item in self.found},
        }
        for view in ("inside", "outside"):
            values[f'autodiscover_view_up{{{place}, view="{view}"}}'] = constant(0 if view in self.blind else 1)
            outcome = self.outcomes.get(view, "configured")
            for client in ("outlook-2016", "ews"):
                labels = f'view="{view}", client="{client}", outcome="{outcome}"'
                values[f"autodiscover_client_outcome{{{place}, {labels}}}"] = constant(1)
        return values


def _exact(value: int) -> str:
    return f"{value}+0x{LASTS}"


def exporter(settings: Settings, **changed: str) -> dict[str, str]:
    """The exporter's own series; those named otherwise than in health."""
    place = f'job="{settings.exporter_job}", instance="{settings.exporter}"'
    values = {
        "up": constant(1),
        "config_last_reload_successful": constant(1),
        "schedule_lag_seconds": constant(3),
        "overload": constant(0),
        "internal": constant(0),
        **changed,
    }
    own = "autodiscover_exporter_"
    names = {
        "up": f"up{{{place}}}",
        "overload": f'{own}probe_errors_total{{{place}, reason="overload"}}',
        "internal": f'{own}probe_errors_total{{{place}, reason="internal"}}',
    }
    return {names.get(name, f"{own}{name}{{{place}}}"): value for name, value in values.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """An alert that fires: its labels, and its words."""

    labels: Mapping[str, str]
    summary: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is seen, and the one alert that is then asked for: after how long, and what of it fires, if anything.

    `wait` is the alert's own; whoever fires after it does not before.
    """

    name: str
    alert: str
    seen: Sequence[Domain | Mapping[str, str]]
    wait: str = "0s"
    after: str = "2m"
    fires: Sequence[Fired] = ()


def render_case(case: Case, settings: Settings, interval: str = "1m") -> dict[str, Any]:
    """It as promtool reads it, with a sample of each series an interval."""
    given: dict[str, str] = {}
    for item in case.seen:
        given |= item.series(settings) if isinstance(item, Domain) else item
    at = seconds(case.wait) + seconds(case.after)
    checks = [{"eval_time": f"{at}s", "alertname": case.alert, **_expected(case, settings)}]
    if case.fires and seconds(case.wait) > MINUTE:
        checks.insert(0, {"eval_time": f"{seconds(case.wait) - MINUTE}s", "alertname": case.alert})
    return {
        "name": f"{case.alert}: {case.name}",
        "interval": interval,
        "input_series": [{"series": series, "values": values} for series, values in given.items()],
        "alert_rule_test": checks,
    }


def _expected(case: Case, settings: Settings) -> dict[str, Any]:
    if not case.fires:
        return {}
    return {"exp_alerts": [_alert(fired, settings) for fired in case.fires]}


def _alert(fired: Fired, settings: Settings) -> dict[str, Any]:
    page = {"runbook_url": f"{settings.exporter_url}/rules/{fired.labels['rule']}"} if "rule" in fired.labels else {}
    words = {"summary": fired.summary, "description": fired.description, **page}
    return {"exp_labels": dict(fired.labels), "exp_annotations": words}
