"""Certificates of a CA of the tests' own, for both sides of TLS."""

from functools import cache
from pathlib import Path

import trustme

__all__ = ["authority", "issued"]


@cache
def authority(name: str = "one") -> trustme.CA:
    """A CA, the same for the same name; keys take a while to make."""
    return trustme.CA(organization_name=name)


def issued(directory: Path, name: str, ca: trustme.CA | None = None) -> Path:
    """A certificate for a name, `directory/NAME.pem`, with its key in `directory/NAME.key`."""
    certificate = (ca or authority()).issue_cert(name, key_type=trustme.KeyType.ECDSA)
    path = directory / f"{name}.pem"
    certificate.cert_chain_pems[0].write_to_path(path)
    certificate.private_key_pem.write_to_path(path.with_suffix(".key"))
    return path
