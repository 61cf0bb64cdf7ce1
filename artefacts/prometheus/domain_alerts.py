"""Alerts about domains: roots only, one for each cause of a domain, and one for a fault that several of them share."""

from collections.abc import Iterator

from artefacts.prometheus import recording, words
from artefacts.prometheus.alert import Alert
from artefacts.prometheus.selection import (
    APPEARED,
    CANNOT_LOOK,
    CANNOT_LOOK_CRITICAL,
    CATCH_ALL,
    CHECK,
    DRIFT,
    UNEXPECTED,
    USERS_AFFECTED,
    WARNING,
    Selection,
)
from artefacts.prometheus.settings import Settings

__all__ = ["domain_alerts"]

_NAME = "{{ $labels.instance }}"
_DOMAIN = f"{_NAME}: "
_CAUSE = _DOMAIN + words.CAUSE_IN_WORDS + words.VIEWS
_MISLED = 'autodiscover_client_outcome{outcome=~"wrong-login|wrong-settings"}'
_FIX = "The record or certificate behind it, proof and fix: "
_LOOK = "What was asked, and what came of it: "


def domain_alerts(settings: Settings) -> Iterator[Alert]:
    """The gravest first."""
    yield from _critical(settings)
    yield from _certificates(settings)
    yield from _lesser(settings)


def _any(selections: tuple[Selection, ...]) -> str:
    return "\nor\n".join(item.expression for item in selections)


def _critical(settings: Settings) -> Iterator[Alert]:
    page, keep = words.domain_page(settings.exporter_url), settings.keep_firing_for
    misled = f"(\n  {_any(USERS_AFFECTED)}\n)\nand on (job, instance) {_MISLED}"
    yield Alert(
        name="AutodiscoverPasswordToStranger",
        severity="critical",
        expression=misled,
        wait=settings.password_for,
        keep=keep,
        summary=_CAUSE,
        description=f"{words.WHO_IS_HIT}Treat passwords typed since then as stolen. {_FIX}{page}",
    )
    yield Alert(
        name="AutodiscoverUsersAffected",
        severity="critical",
        expression=f"(\n  {_any(USERS_AFFECTED)}\n)\nunless on (job, instance) {_MISLED}",
        wait=settings.users_affected_for,
        keep=keep,
        summary=_CAUSE,
        description=f"{words.WHO_IS_HIT}{_FIX}{page}",
    )
    yield Alert(
        name=_UNSTEADY,
        severity="critical",
        expression=_unsteady(),
        wait=settings.cause_changes_for,
        keep=keep,
        about="",
        after_others=True,
        summary=_DOMAIN + "CRITICAL all the time, by causes that change from look to look",
        description=f"{words.WHO_IS_HIT}Machines that fail in different ways answer by turns, behind one name or one "
        f"balancer. {_FIX}{page}",
    )
    yield Alert(
        name="AutodiscoverCertificateUnexpected",
        severity="critical",
        expression=_any(UNEXPECTED),
        wait=settings.certificate_unexpected_for,
        keep=keep,
        summary=_CAUSE,
        description="The certificate is not the one that is pinned. If the change was meant, replace the pin; else "
        f"find out who serves it: {page}",
    )
    yield from (_shared(settings, severity) for severity in ("critical", "warning"))


_UNSTEADY = "AutodiscoverCauseChanges"


def _unsteady() -> str:
    """A domain that is CRITICAL though no alert says so: those of causes wait anew whenever the cause is another."""
    known = f'alertname=~"Autodiscover.+", alertname!="{_UNSTEADY}", severity="critical", alertstate="firing"'
    # These have alerts of their own, with longer waits.
    slow = f'severity="critical", rule=~"{CHECK}|{recording.EXPIRY_RULE}"'
    return (
        f"(autodiscover_exit_code == 2) * on (job, instance) group_left (server) {recording.SERVER}\n"
        f"unless on (job, instance) ALERTS{{{known}}}\n"
        f"unless on (job, instance) {recording.CAUSE}{{{slow}}}"
    )


def _shared(settings: Settings, severity: str) -> Alert:
    """Each severity has its own, so that the graver inhibits the lesser."""
    selected = f'{recording.SERVER_FAULT}{{severity="{severity}"}}'
    which = f'{{job=%q,rule=%q,server=%q,severity="{severity}"}}'
    domains = words.listed(f"{recording.CAUSE}{which} or {recording.EXPIRING}{which}", *("job", "rule", "server") * 2)
    return Alert(
        name="AutodiscoverServerFault",
        severity=severity,
        expression=f"{selected} >= {settings.shared_domains:g}",
        wait=settings.shared_for,
        keep=settings.keep_firing_for,
        summary="{{ $labels.server }}: " + words.CAUSE_IN_WORDS + ", at {{ $value }} domains",
        description="One fault of this server, not one of each domain. The domains, at most ten of them:"
        f"{domains}. {_FIX}{settings.exporter_url}/",
    )


def _certificates(settings: Settings) -> Iterator[Alert]:
    for severity in ("critical", "warning"):
        yield Alert(
            name="AutodiscoverCertificateExpiring",
            severity=severity,
            expression=f'{recording.EXPIRING}{{severity="{severity}"}}',
            wait=settings.certificate_for,
            keep=settings.keep_firing_for,
            summary=_DOMAIN + "The certificate " + words.LEFT_IN_WORDS,
            description="Renew the certificate that clients of this domain meet at {{ $labels.server }}, and bind it "
            f"to the web site: {words.domain_page(settings.exporter_url)}",
        )


def _lesser(settings: Settings) -> Iterator[Alert]:
    page, keep = words.domain_page(settings.exporter_url), settings.keep_firing_for
    for severity, selections in (("critical", CANNOT_LOOK_CRITICAL), ("warning", CANNOT_LOOK)):
        yield Alert(
            name="AutodiscoverCannotLook",
            severity=severity,
            expression=_any(selections),
            wait=settings.cannot_look_for,
            keep=keep,
            summary=_CAUSE,
            description=f"How this domain fares is not known, so a fault would not be seen. {_LOOK}{page}",
        )
    yield Alert(
        name="AutodiscoverWarning",
        severity="warning",
        expression=_any(WARNING),
        wait=settings.warning_for,
        keep=keep,
        summary=_CAUSE,
        description=f"{words.WHO_IS_HIT}{_FIX}{page}",
    )
    yield Alert(
        name="AutodiscoverCatchAllAppeared",
        severity="warning",
        expression=_appeared(settings),
        keep=keep,
        about=APPEARED,
        summary=_DOMAIN + "A catch-all appeared: any name without a record of its own gets an answer",
        description="It may answer for the Autodiscover name next. Remove the record `*`, or switch the registrar's "
        f"catch-all off; if it is meant, accept it (autodiscoverctl baseline accept {_NAME}), which ends this: {page}",
    )
    yield Alert(
        name="AutodiscoverDrift",
        severity="warning",
        expression=_any(DRIFT),
        wait=settings.drift_for,
        keep=keep,
        summary=_CAUSE,
        description=f"Not what was accepted. Undo it, or accept it (autodiscoverctl baseline accept {_NAME}). What "
        f"was, what is: {page}",
    )


def _appeared(settings: Settings) -> str:
    """What the baseline says, and where there is none what Prometheus remembers."""
    wildcard = "autodiscover_dns_wildcard"
    new = f"{wildcard} == 1 and {wildcard} offset {settings.catch_all_memory} == 0"
    unknown = f"{new}\n  unless on (job, instance) autodiscover_baseline_timestamp_seconds"
    joined = (
        f"max without (view, parent) (\n  {unknown}\n)\n* on (job, instance) group_left (server) {recording.SERVER}"
    )
    told = f"max without (rule, severity) ({_any(CATCH_ALL)})"
    return f"{told}\nor\n{joined}"
