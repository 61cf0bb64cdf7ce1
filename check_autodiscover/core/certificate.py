"""The facts of an X.509 certificate that clients and administrators care about.

Probes call `read_certificate` on what a server presents; everything else works on the facts, so that a survey
needs no DER and a test no key.
"""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a certificate is good for (the customer's rules 1 to 3)."""

    SINGLE_NAME = "single-name"
    MULTI_NAME = "multi-name"
    WILDCARD = "wildcard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Facts of one certificate. Times are Unix seconds, fingerprints lower-case hex SHA-256, names as in the certificate.

    `dns_names` are the dNSName entries of the subjectAltName as A-labels in lower case; `has_san` tells a
    certificate without the extension from one that names no host; `issuer_urls` the http caIssuers of its
    authority information access.
    """

    fingerprint: str
    public_key: str
    subject: str
    common_name: str
    issuer: str
    issuer_common_name: str
    issuer_organization: str
    not_before: int
    not_after: int
    dns_names: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()
    has_san: bool = True
    key_type: str = ""
    key_bits: int = 0
    signature_hash: str = ""
    serial: str = ""
    issuer_urls: tuple[str, ...] = ()
    is_authority: bool = False


@dataclass(frozen=True, slots=True)
class UnreadableCertificate:
    """What a server presented in place of a certificate: the SHA-256 of the bytes and what is wrong with them."""

    fingerprint: str
    reason: str
