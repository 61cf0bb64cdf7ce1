"""What each alert about a domain fires for, and what it stays silent at."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from artefacts.prometheus.case import Case, Domain, Fired, Found
from artefacts.prometheus.settings import Settings, seconds

__all__ = ["CONTOSO", "domain_cases", "fired", "page"]

CONTOSO, FABRIKAM = "contoso.com", "fabrikam.com"
SERVER = "mail.contoso.com"
WARNED = {"outside": "warned"}
FIX = "The record or certificate behind it, proof and fix: "


def domain_cases(settings: Settings) -> Iterator[Case]:
    """Those of the alerts in their order."""
    yield from _users(settings)
    yield from _unsteady(settings)
    yield from _pins(settings)
    yield from _shared(settings)
    yield from _expiring(settings)
    yield from _unknown(settings)
    yield from _lesser(settings)


def fired(settings: Settings, rule: str, severity: str, summary: str, description: str) -> Fired:
    """An alert of contoso.com."""
    labels = {"job": settings.job, "instance": CONTOSO, "server": SERVER, "rule": rule, "severity": severity}
    return Fired(labels=labels, summary=f"{CONTOSO}: {summary}", description=description)


def page(settings: Settings) -> str:
    """The exporter's page of contoso.com."""
    return f"{settings.exporter_url}/domains/{CONTOSO}"


_MOVED = Domain(
    name=CONTOSO,
    found=(
        Found("dns-address-unexpected", "critical"),
        Found("service-foreign-login", "critical", role="consequence"),
    ),
    outcomes={"outside": "wrong-login"},
)
_RECORD = Domain(
    name=CONTOSO,
    found=(
        Found("dns-unwanted-host-record", "critical", "inside"),
        Found("dns-unwanted-host-record", "critical"),
        Found("certificate-name-mismatch", "critical", role="consequence"),
    ),
    outcomes={"inside": "warned", "outside": "nothing"},
)
"""A stranger's address, with what follows from it; and a record in both views, in which clients fare differently."""


def _users(settings: Settings) -> Iterator[Case]:
    accepted = Domain(name=FABRIKAM, found=(Found("dns-unwanted-host-record", "ok"),), outcomes=WARNED)
    stranger, affected = "AutodiscoverPasswordToStranger", "AutodiscoverUsersAffected"
    wait = settings.users_affected_for
    yield Case(
        name="a stranger's server asks for the password: told at once, by the cause alone",
        alert=stranger,
        seen=(_MOVED,),
        wait=settings.password_for,
        fires=[
            fired(
                settings,
                "dns-address-unexpected",
                "critical",
                "The intended endpoint has a wrong address [outside]",
                "outside: a stranger's server asks for the password (kinds of client: 2). "
                f"Treat passwords typed since then as stolen. {FIX}{page(settings)}",
            )
        ],
    )
    yield Case(name="a warning alone is no stranger", alert=stranger, seen=(_RECORD,))
    yield Case(
        name="one cause in two views with its consequence is one alert",
        alert=affected,
        seen=(_RECORD, accepted),
        wait=wait,
        fires=[
            fired(
                settings,
                "dns-unwanted-host-record",
                "critical",
                "The Autodiscover name has a record that certificate or method do not allow [inside] [outside]",
                "inside: a certificate warning is shown (kinds of client: 2). outside: no server is found (kinds of "
                "client: 2). "
                f"{FIX}{page(settings)}",
            )
        ],
    )
    yield _own_site(settings)
    yield Case(name="what goes to a stranger has an alert of its own", alert=affected, seen=(_MOVED,), wait=wait)
    yield Case(name="what is accepted", alert=affected, seen=(accepted,), wait=wait)
    yield Case(name="nobody has looked", alert=affected, seen=(_timed_out(),), wait=wait)


def _unsteady(settings: Settings) -> Iterator[Case]:
    alert, wait, other = "AutodiscoverCauseChanges", settings.cause_changes_for, "certificate-expired"
    domain = Domain(name=CONTOSO, exit_code=2, outcomes=WARNED)
    place = f'job="{settings.job}", instance="{CONTOSO}"'
    by_turns = {
        Found("certificate-name-mismatch", "critical").series(place): "1 stale " * 60,
        Found(other, "critical").series(place): "stale 1 " * 60,
    }
    labels = {"job": settings.job, "instance": CONTOSO, "server": SERVER, "severity": "critical"}
    alerted = Fired(
        labels=labels,
        summary=f"{CONTOSO}: CRITICAL all the time, by causes that change from look to look",
        description="outside: a certificate warning is shown (kinds of client: 2). Machines that fail in different "
        f"ways answer by turns, behind one name or one balancer. {FIX}{page(settings)}",
    )
    yield Case(name="two causes by turns", alert=alert, seen=(domain, by_turns), wait=wait, fires=[alerted])
    steady = replace(domain, found=(Found(other, "critical"),))
    yield Case(name="one cause all the time has its own alert", alert=alert, seen=(steady,), wait=wait)
    late = replace(domain, found=(Found("check-timed-out", "critical"),))
    yield Case(name="what could not be seen has its own alert", alert=alert, seen=(late,), wait=wait)


def _own_site(settings: Settings) -> Case:
    """It is told by the domain's own name, so that the server's fault keeps nothing of it silent."""
    expired = "certificate-expired"
    labels = {"job": settings.job, "instance": CONTOSO, "server": CONTOSO, "rule": expired, "severity": "critical"}
    return Case(
        name="a domain's own web site, beside a server that others have too",
        alert="AutodiscoverUsersAffected",
        seen=(Domain(name=CONTOSO, found=(Found(expired, "critical", endpoint="root"),), outcomes=WARNED),),
        wait=settings.users_affected_for,
        fires=[
            Fired(
                labels=labels,
                summary=f"{CONTOSO}: The certificate has expired [outside]",
                description=f"outside: a certificate warning is shown (kinds of client: 2). {FIX}{page(settings)}",
            )
        ],
    )


def _pins(settings: Settings) -> Iterator[Case]:
    alert, rule, wait = (
        "AutodiscoverCertificateUnexpected",
        "certificate-unexpected",
        settings.certificate_unexpected_for,
    )
    yield Case(
        name="a pin is broken",
        alert=alert,
        seen=(Domain(name=CONTOSO, found=(Found(rule, "critical"),)),),
        wait=wait,
        fires=[
            fired(
                settings,
                rule,
                "critical",
                "A pin is broken [outside]",
                "The certificate is not the one that is pinned. If the change was meant, replace the pin; else find "
                f"out who serves it: {page(settings)}",
            )
        ],
    )
    issuer = Domain(name=CONTOSO, found=(Found(rule, "warning"),))
    yield Case(name="another issuer is a warning", alert=alert, seen=(issuer,), wait=wait)


def _shared(settings: Settings) -> Iterator[Case]:
    alert, wait = "AutodiscoverServerFault", settings.shared_for
    expired, weak = Found("certificate-expired", "critical"), Found("certificate-weak", "warning")
    for found, title in (
        (expired, "The certificate has expired"),
        (weak, "The certificate's key or signature is weak"),
    ):
        labels = {"job": settings.job, "server": SERVER, "rule": found.rule, "severity": found.severity}
        yield Case(
            name=f"one server's {found.rule} at two domains is one alert",
            alert=alert,
            seen=(*(Domain(name=name, found=(found,)) for name in (CONTOSO, FABRIKAM)), *_apart(found)),
            wait=wait,
            fires=[
                Fired(
                    labels=labels,
                    summary=f"{SERVER}: {title}, at 2 domains",
                    description="One fault of this server, not one of each domain. The domains, at most ten of them: "
                    f"{CONTOSO} {FABRIKAM}. {FIX}{settings.exporter_url}/",
                )
            ],
        )
    one = (Domain(name=CONTOSO, found=(expired,)), Domain(name=FABRIKAM))
    yield Case(name="one domain alone", alert=alert, seen=one, wait=wait)
    apart = tuple(
        Domain(name=name, found=(expired,), server=server) for name, server in ((CONTOSO, SERVER), (FABRIKAM, ""))
    )
    yield Case(name="different servers", alert=alert, seen=apart, wait=wait)
    sites = tuple(
        Domain(name=name, found=(Found("certificate-name-mismatch", "critical", endpoint="root"),))
        for name in (CONTOSO, FABRIKAM)
    )
    yield Case(name="each domain's own web site", alert=alert, seen=sites, wait=wait)
    records = tuple(
        Domain(name=name, found=(Found("dns-unwanted-host-record", "critical"),)) for name in (CONTOSO, FABRIKAM)
    )
    yield Case(name="each domain's own record", alert=alert, seen=records, wait=wait)


def _apart(found: Found) -> Iterator[Domain]:
    """Domains of the same server whose like fault is none of the server's, or is accepted."""
    yield Domain(name="site.example", found=(replace(found, endpoint="root"),))
    yield Domain(name="accepted.example", found=(replace(found, severity="ok"),))


EXPIRY = "certificate-expiring"


def _expiring(settings: Settings) -> Iterator[Case]:
    alert, wait = "AutodiscoverCertificateExpiring", settings.certificate_for
    told = Domain(name=CONTOSO, days_left=60, lifetime=120, found=(Found(EXPIRY, "warning"),))
    yield _ends(settings, "by days and by share", Domain(name=CONTOSO, days_left=20, lifetime=90), "warning")
    last = Domain(name=CONTOSO, days_left=10, lifetime=90)
    yield _ends(settings, "the last days, where the graver inhibits the lesser", last, "critical", "warning")
    yield _ends(settings, "by the exporter's own thresholds", told, "warning")
    silent = {
        "short-lived, and renewed in time": Domain(name=CONTOSO, days_left=20, lifetime=47),
        "long-lived, a small share of it left": Domain(name=CONTOSO, days_left=40, lifetime=395),
        "accepted": Domain(name=CONTOSO, days_left=20, lifetime=90, found=(Found(EXPIRY, "ok"),)),
        "expired, which is told as such": Domain(
            name=CONTOSO, days_left=-1, found=(Found("certificate-expired", "critical"),)
        ),
        "Microsoft's": Domain(name=CONTOSO, days_left=20, lifetime=90, method="exchange-online"),
    }
    for name, domain in silent.items():
        yield Case(name=name, alert=alert, seen=(domain,), wait=wait)


def _ends(settings: Settings, name: str, domain: Domain, *severities: str) -> Case:
    wait = settings.certificate_for
    left = round(domain.days_left * 86_400) - seconds(wait) - 120
    days, rest = divmod(left, 86_400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    date = datetime.fromtimestamp(domain.days_left * 86_400, UTC).strftime("%Y-%m-%d %H:%M:%S +0000 UTC")
    summary = f"The certificate expires in {days}d {hours}h {minutes}m {left % 60}s, {date}"
    text = (
        f"Renew the certificate that clients of this domain meet at {SERVER}, and bind it to the web site: "
        f"{page(settings)}"
    )
    fires = [fired(settings, EXPIRY, severity, summary, text) for severity in severities]
    return Case(name=name, alert="AutodiscoverCertificateExpiring", seen=(domain,), wait=wait, fires=fires)


def _timed_out() -> Domain:
    return Domain(name=CONTOSO, found=(Found("check-timed-out", "critical"),), outcomes={"outside": "unknown"})


def _unknown(settings: Settings) -> Iterator[Case]:
    alert, wait = "AutodiscoverCannotLook", settings.cannot_look_for
    text = (
        "How this domain fares is not known, so a fault would not be seen. What was asked, and what came of it: "
        f"{page(settings)}"
    )
    lookup = Domain(name=CONTOSO, found=(Found("dns-lookup-failed", "unknown"),), blind=("outside",))
    failed = fired(settings, "dns-lookup-failed", "warning", "No resolver of a view answered [outside]", text)
    late = fired(settings, "check-timed-out", "critical", "The time limit came before the verdict [outside]", text)
    yield Case(name="no resolver answers", alert=alert, seen=(lookup,), wait=wait, fires=[failed])
    yield Case(name="the time limit came", alert=alert, seen=(_timed_out(),), wait=wait, fires=[late])
    seen = Domain(name=CONTOSO, found=(Found("dns-unwanted-host-record", "critical"),))
    yield Case(name="a fault that was seen", alert=alert, seen=(seen,), wait=wait)


def _lesser(settings: Settings) -> Iterator[Case]:
    wildcard = Domain(name=CONTOSO, found=(Found("dns-wildcard-present", "warning", endpoint="zone"),))
    changed = Domain(name=CONTOSO, found=(Found("drift-record", "warning"),))
    explained = Domain(name=CONTOSO, found=(Found("drift-record", "warning", role="consequence"),))
    text = f"No client was seen to be hit. {FIX}{page(settings)}"
    title = "A catch-all exists beside the records that matter [outside]"
    warning, drift = "AutodiscoverWarning", "AutodiscoverDrift"
    yield Case(
        name="a fault that hits nobody",
        alert=warning,
        seen=(wildcard,),
        wait=settings.warning_for,
        fires=[fired(settings, "dns-wildcard-present", "warning", title, text)],
    )
    yield Case(name="drift has an alert of its own", alert=warning, seen=(changed,), wait=settings.warning_for)
    accept = (
        "Not what was accepted. Undo it, or accept it (autodiscoverctl baseline accept contoso.com). What was, what "
        f"is: {page(settings)}"
    )
    yield Case(
        name="a record is not what was accepted",
        alert=drift,
        seen=(changed,),
        wait=settings.drift_for,
        fires=[fired(settings, "drift-record", "warning", "A record is not what was accepted [outside]", accept)],
    )
    yield Case(name="a change that a cause explains", alert=drift, seen=(explained,), wait=settings.drift_for)
