"""Recording rules: causes by server, life left of certificates, faults that a server's domains have in common."""

from collections.abc import Mapping
from typing import Any

from artefacts.prometheus.settings import Settings
from check_autodiscover.core.model.policy import DAY, Method
from check_autodiscover.core.rules.catalogue import CATALOGUE

__all__ = [
    "CAUSE",
    "EXPIRING",
    "EXPIRY_RULE",
    "LEFT",
    "SERVER",
    "SERVER_AREAS",
    "SERVER_FAULT",
    "TITLE",
    "Group",
    "Rule",
    "recording",
]

Rule = dict[str, Any]
Group = dict[str, Any]

TITLE = "autodiscover:rule:info"
"""1 for each rule of the catalogue, its title as a label: what annotations call a cause."""
SERVER = "autodiscover:server:info"
"""1 for each domain, with the server that publishes it, or else the domain itself, as a label."""
CAUSE = "autodiscover:cause:info"
"""1 for each cause (root) that alarms, with its rule, severity, view and server.

The root domain's web site is another machine than the server: what it does is the domain's own.
"""
LEFT = "autodiscover:certificate_left"
"""Life left of the intended endpoint's certificate that ends first: `:seconds`, and `:ratio` of its lifetime."""
EXPIRING = "autodiscover:certificate_expiring:seconds"
"""The same in seconds where it is due for renewal, by severity."""
SERVER_FAULT = "autodiscover:server_fault:count"
"""How many domains have the same fault at the same server."""

EXPIRY_RULE = "certificate-expiring"
EXPIRED_RULE = "certificate-expired"
SERVER_AREAS = "(certificate|service|directory|drift-certificate)-.+"
"""Rules about what a server presents and answers: at the domain's own server they are that server's fault."""

_PLACE = "view, endpoint, address"
_JOIN = f"* on (job, instance) group_left (server) {SERVER}"
_FINDING = "autodiscover_finding"
_NOT_AFTER = "autodiscover_certificate_not_after_timestamp_seconds"
_NOT_BEFORE = "autodiscover_certificate_not_before_timestamp_seconds"
_UNJUDGED = "|".join((Method.EXCHANGE_ONLINE.value, Method.NONE.value))


def recording(settings: Settings) -> list[Group]:
    """The groups; what is needed by others comes first, as a group's rules are evaluated in their order."""
    return [
        {"name": "autodiscover-catalogue", "rules": [_title(rule.id, rule.title) for rule in CATALOGUE]},
        {"name": "autodiscover-causes", "rules": [*_causes(), *_certificates(settings), *_shared()]},
        {"name": "autodiscover-fleet", "rules": [*_fleet()]},
    ]


def _title(rule: str, title: str) -> Rule:
    return {"record": TITLE, "expr": "vector(1)", "labels": {"rule": rule, "title": title}}


def _record(name: str, expression: str, labels: Mapping[str, str] | None = None) -> Rule:
    return {"record": name, "expr": expression, **({"labels": dict(labels)} if labels else {})}


def _causes() -> list[Rule]:
    named = 'group by (job, instance, server) (autodiscover_domain_info{server!=""})'
    # A domain that no look got to has no info: its exit code is always there.
    unnamed = 'label_replace(group by (job, instance) (autodiscover_exit_code), "server", "$1", "instance", "(.+)")'
    cause = 'max without (role, endpoint) (autodiscover_finding{{role="root", severity!="ok", endpoint{}"root"}})'
    own = f'label_replace({cause.format("=")}, "server", "$1", "instance", "(.+)")'
    return [
        _record(SERVER, f"{named}\nor on (job, instance)\n{unnamed}\n"),
        _record(CAUSE, f"{cause.format('!=')}\n{_JOIN}\nor\n{own}\n"),
    ]


def _certificates(settings: Settings) -> list[Rule]:
    intended = f"{_NOT_AFTER} == on (job, instance) group_left () probe_ssl_earliest_cert_expiry"
    place = "on (job, instance, view, endpoint)"
    accepted = f'unless {place} {_FINDING}{{rule="{EXPIRY_RULE}", severity="ok"}}'
    # One that has expired, and is told as such, is a cause of its own that hits users.
    expired = f'unless {place} {_FINDING}{{rule="{EXPIRED_RULE}"}}'
    judged = f'unless on (job, instance) autodiscover_domain_info{{method=~"{_UNJUDGED}"}}'
    ends = f"(({intended})\n  {accepted}\n  {expired}\n  {judged})"
    left = f"min without ({_PLACE}) (\n  {ends} - time()\n)\n{_JOIN}\n"
    share = f"min without ({_PLACE}) (\n  ({ends} - time())\n  / ({_NOT_AFTER} - {_NOT_BEFORE})\n)\n{_JOIN}\n"
    return [
        _record(f"{LEFT}:seconds", left),
        _record(f"{LEFT}:ratio", share),
        _expiring("warning", settings.certificate_warning_days, settings.certificate_warning_share),
        _expiring("critical", settings.certificate_critical_days, settings.certificate_critical_share),
    ]


def _expiring(severity: str, days: float, share: float) -> Rule:
    """Where the table's thresholds are passed, or the exporter's own, which a domain may have of its own."""
    due = f"({LEFT}:seconds < {days:g} * {DAY} and {LEFT}:ratio < {share:g})"
    told = f'({LEFT}:seconds and on (job, instance) {CAUSE}{{rule="{EXPIRY_RULE}", severity="{severity}"}})'
    return _record(EXPIRING, f"{due}\nor\n{told}\n", {"rule": EXPIRY_RULE, "severity": severity})


def _shared() -> list[Rule]:
    labels = f'role="root", severity!="ok", endpoint!="root", rule=~"{SERVER_AREAS}", rule!="{EXPIRY_RULE}"'
    faults = f"(max without (role, view, endpoint) ({_FINDING}{{{labels}}}) {_JOIN})"
    return [_record(SERVER_FAULT, f"count by (job, rule, severity, server) (\n  {faults}\n  or\n  {EXPIRING}\n)\n")]


def _fleet() -> list[Rule]:
    return [
        _record("autodiscover:domains:count", "count by (job, state) (autodiscover_state == 1)"),
        _record("autodiscover:causes:count", f"count by (job, rule, severity) (max without (view) ({CAUSE}))"),
    ]
