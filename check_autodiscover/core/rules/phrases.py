"""Facts put into the few words that several rules share. Nothing here knows of hostile text; `render` cleans it."""

from collections.abc import Iterable
from datetime import UTC, datetime

from check_autodiscover.core.analysis.contacts import EndpointState, NameFault
from check_autodiscover.core.model.certificate import Certificate
from check_autodiscover.core.model.policy import Policy

__all__ = ["certificate_names", "date_of", "family_args", "foreign_certificate", "joined", "srv_record"]

_SHOWN = 2
"""Names of a certificate that a sentence has room for."""


def joined(items: Iterable[str]) -> str:
    """`a, b and c`, each item once."""
    distinct = list(dict.fromkeys(items))
    return " and ".join(filter(None, (", ".join(distinct[:-1]), *distinct[-1:])))


def certificate_names(certificate: Certificate) -> str:
    """The names a certificate is issued to, the common name where it has no others."""
    names = certificate.dns_names or certificate.ip_addresses or (certificate.common_name,)
    names = tuple(filter(None, names)) or ("no name",)
    more = len(names) - _SHOWN
    return joined((*names[:_SHOWN], f"{more} more")) if more > 0 else joined(names)


def foreign_certificate(meetings: Iterable[EndpointState]) -> str:
    """The names of the first certificate met that lacks the name contacted, empty where there is none."""
    for meeting in meetings:
        if meeting.certificate is not None and meeting.name_fault is NameFault.MISMATCH:
            return certificate_names(meeting.certificate)
    return ""


def family_args(policy: Policy) -> tuple[tuple[str, str], ...]:
    """The one address family that is asked for, and the option that leaves out the other; empty where it is both."""
    only = policy.families[0] if len(policy.families) == 1 else None
    return ("family", f"IPv{only.value}" if only else ""), ("only", f"-{only.value}" if only else "")


def date_of(moment: float) -> str:
    """The UTC day of a Unix time; years that the calendar lacks are named as such."""
    try:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):
        return "a date outside the calendar"


def srv_record(domain: str, server: str) -> str:
    """The SRV record to publish, as a zone file has it; the server is `HOST` or `HOST:PORT`."""
    host, _, port = server.partition(":")
    return f"_autodiscover._tcp.{domain}. 3600 IN SRV 0 0 {port or 443} {host}."
