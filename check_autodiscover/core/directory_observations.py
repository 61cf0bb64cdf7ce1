"""What is asked of a directory, and what comes of it; `observations` has the rest."""

from dataclasses import dataclass

from check_autodiscover.core.closed_set import ClosedSet

__all__ = ["ConnectionPoint", "DirectoryAnswer", "DirectoryQuestion", "DirectoryStatus"]


class DirectoryStatus(ClosedSet):
    """How one lookup in a directory ended; the value is how sentences say it."""

    ANSWER = "answered"
    UNREACHABLE = "cannot be reached"
    SILENT = "does not answer"
    NO_TLS = "gives no TLS session"
    UNTRUSTED = "shows a certificate that is not trusted"
    UNENCRYPTED = "offers no encryption, and is told no password without"
    LOGIN_REFUSED = "refuses the user or the password"
    NO_TICKET = "was not logged in to, for want of a Kerberos ticket"
    ANONYMOUS_REFUSED = "shows nothing to whoever does not log in"
    FORBIDDEN = "does not let this user read the configuration"
    NO_CONFIGURATION = "has no configuration container, so it is no Active Directory"
    FAILED = "fails"
    CUT_SHORT = "did not answer before the time limit"
    DENIED = "is not asked for a domain that is not configured (targets.deny_networks)"


@dataclass(frozen=True, slots=True)
class DirectoryQuestion:
    """One lookup of the service connection points below an LDAP URL (RFC 4516), which names a server and maybe a base.

    With `login` the user and password of the policy are given to it; pointers to other servers are followed without.
    """

    ldap_url: str
    login: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionPoint:
    """A serviceConnectionPoint object: its DN, and what its `keywords` and `serviceBindingInformation` hold."""

    name: str
    keywords: tuple[str, ...]
    bindings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DirectoryAnswer:
    """What a directory said; `detail` is its own words, or the system's, where it gave no answer."""

    status: DirectoryStatus
    points: tuple[ConnectionPoint, ...] = ()
    detail: str = ""
    seconds: float = 0.0
