"""Just enough DER (X.690) to cut the public key out of a certificate as its bytes stand. For `certificate` alone."""

from collections.abc import Iterator

__all__ = ["subject_public_key_info"]

_SEQUENCE = 0x30
_VERSION = 0xA0
_FIELDS_BEFORE_KEY = 5
"""serialNumber, signature, issuer, validity, subject (RFC 5280 4.1)."""


def subject_public_key_info(tbs_certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a TBSCertificate (RFC 5280 4.1), header included. Raises ValueError."""
    outer = next(_elements(tbs_certificate), None)
    if outer is None or outer[0] != _SEQUENCE:
        raise ValueError("no TBSCertificate")
    fields = [whole for tag, whole, _ in _elements(outer[2]) if tag != _VERSION]
    if len(fields) <= _FIELDS_BEFORE_KEY:
        raise ValueError("the TBSCertificate ends before its key")
    return fields[_FIELDS_BEFORE_KEY]


def _elements(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The elements of DER side by side: tag, whole element, content. Raises ValueError where the data ends early."""
    start = 0
    while start < len(data):
        content, length = _length(data, start + 1)
        end = content + length
        if end > len(data):
            raise ValueError("an element ends after its data")
        yield data[start], data[start:end], data[content:end]
        start = end


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Where the content begins, and its length (X.690 8.1.3)."""
    if at >= len(data):
        raise ValueError("an element ends before its length")
    first = data[at]
    if first < 0x80:
        return at + 1, first
    octets = first & 0x7F
    return at + 1 + octets, int.from_bytes(data[at + 1 : at + 1 + octets])
