"""Whether TLS is inspected on our own way out: one unknown authority that certifies whatever is asked for.

A machine that inspects TLS signs certificates on the fly with an authority of its own, which the clients behind it
trust and nobody else. What we see then are its certificates, and not the servers'. `judge` looks once per survey.
"""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_network
from itertools import permutations
from typing import NamedTuple

from check_autodiscover.core.certificate import Certificate
from check_autodiscover.core.meeting import Meeting
from check_autodiscover.core.names import is_below
from check_autodiscover.core.survey import Survey
from check_autodiscover.core.verification import Verdict

__all__ = ["intercepted"]


def intercepted(survey: Survey, met: Iterable[Meeting]) -> tuple[Meeting, ...]:
    """The meetings at which an inspecting machine answered, by its issuer; none where that is not proven.

    Proof is one authority that no anchor knows, with certificates for unrelated names, one of them not the domain's
    own, in unrelated networks that lie outside: no company's authority certifies a stranger's names.
    """
    for group in _by_issuer(met):
        # Made once for each: there are thousands of pairs.
        shown = [_shown(survey, meeting) for meeting in group]
        if any(_proves(one, other) for one, other in permutations(shown, 2)):
            return group
    return ()


_INSIDE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")))
"""Where a company's own authority is at home, and no way out leads by (RFC 1918, RFC 6598, RFC 4193)."""


def _by_issuer(met: Iterable[Meeting]) -> list[tuple[Meeting, ...]]:
    """What was met of each unknown authority, by its name and its key: appliances of one make share the name."""
    groups: dict[tuple[str, str], list[Meeting]] = {}
    for meeting in met:
        certificate = meeting.certificate
        if (
            certificate is not None
            and _made_outside(meeting, certificate)
            and (key := _issuer_key(meeting, certificate))
        ):
            groups.setdefault((certificate.issuer, key), []).append(meeting)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _made_outside(meeting: Meeting, certificate: Certificate) -> bool:
    """Whether an authority unknown to us and to the public may have made it on a way out; it did not sign itself."""
    if not any(fault.verdict is Verdict.UNTRUSTED for fault in meeting.faults):
        return False
    outside = not any(ip_address(meeting.address) in network for network in _INSIDE)
    return outside and not certificate.public_marks and certificate.issuer != certificate.subject


def _issuer_key(meeting: Meeting, certificate: Certificate) -> str:
    """The key that signed it: as it says itself, or of its issuer that was presented along with it."""
    chain = meeting.contact.tls.chain if meeting.contact and meeting.contact.tls else ()
    above = (item.public_key for item in chain if isinstance(item, Certificate) and item.subject == certificate.issuer)
    return certificate.issuer_key or next(above, "")


class _Shown(NamedTuple):
    """What a certificate that was met tells of whose it is."""

    owners: frozenset[tuple[str, ...]]
    """The last two labels of its names; a public suffix of two labels makes too many of one owner."""
    is_own: bool
    network: str


def _shown(survey: Survey, meeting: Meeting) -> _Shown:
    names = _names(meeting)
    owners = frozenset(tuple(name.split(".")[-2:]) for name in names)
    return _Shown(owners, any(_is_own(survey, name) for name in names), _network(meeting.address))


def _proves(stranger: _Shown, other: _Shown) -> bool:
    return (
        bool(stranger.owners and other.owners)
        and not stranger.is_own
        and stranger.owners.isdisjoint(other.owners)
        and stranger.network != other.network
    )


def _names(meeting: Meeting) -> Sequence[str]:
    """Names enough to tell whose certificate it is."""
    return meeting.certificate.dns_names[:_LOOKED_AT] if meeting.certificate else ()


_LOOKED_AT = 16


def _is_own(survey: Survey, name: str) -> bool:
    """Whether a name may be the domain's: below what is registered, or of the same label under another suffix."""
    registered = survey.parents[-1] if survey.parents else survey.domain
    return is_below(name, registered) or registered.partition(".")[0] in name.split(".")


def _network(address: str) -> str:
    """The least network that is routed by itself (RFC 4632 and its practice): what has one owner."""
    version = ip_address(address).version
    return str(ip_network(f"{address}/{24 if version == 4 else 48}", strict=False))
