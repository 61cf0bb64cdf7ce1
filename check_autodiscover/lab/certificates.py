"""Certificates of two authorities made on the spot: one that the plugin is told to trust, one that it is not.

Used by `running`, which hands it a folder of its own.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import trustme

from check_autodiscover.lab.flaws import flawed_pem
from check_autodiscover.lab.world import CertificateSpec, Flaw, Issuer

__all__ = ["Certificates"]

LIFETIME = timedelta(days=90)

SLACK = timedelta(hours=12)
"""Added to what a certificate has left, so that a run a moment or some hours later counts the same whole days."""


class Certificates:
    """Issues each certificate once; `anchor` is the PEM file with the authority to trust."""

    def __init__(self, folder: Path, now: float) -> None:
        """`now` is Unix seconds; the folder must exist."""
        self._folder = folder
        self._now = datetime.fromtimestamp(now, UTC)
        self._authorities = {
            Issuer.LAB: trustme.CA(organization_name="Autodiscover lab"),
            Issuer.PRIVATE: trustme.CA(organization_name="Contoso private authority"),
        }
        self._contexts: dict[CertificateSpec, SSLContext] = {}
        self.anchor = folder / "lab-ca.pem"
        self._authorities[Issuer.LAB].cert_pem.write_to_path(self.anchor)

    def context(self, spec: CertificateSpec) -> SSLContext:
        """The server's side of TLS with this certificate, whatever name the client asks for."""
        if spec not in self._contexts:
            self._contexts[spec] = self._new_context(spec)
        return self._contexts[spec]

    def _new_context(self, spec: CertificateSpec) -> SSLContext:
        end = self._now + timedelta(days=spec.days_left) + SLACK
        authority = self._authorities[spec.issuer]
        file = self._folder / f"site-{len(self._contexts)}.pem"
        if spec.flaw is Flaw.NONE:
            file.write_bytes(_sound_pem(spec, authority, end))
        else:
            file.write_bytes(flawed_pem(spec, authority, end - LIFETIME, end))
        context = SSLContext(PROTOCOL_TLS_SERVER)
        # A server of old with a short key is a world, too.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(file)
        return context


def _sound_pem(spec: CertificateSpec, authority: trustme.CA, end: datetime) -> bytes:
    leaf = authority.issue_cert(*spec.names, common_name=spec.names[0], not_before=end - LIFETIME, not_after=end)
    # A private authority sends its root along, as Windows servers do: so it is untrusted, and not incomplete.
    root = authority.cert_pem.bytes() if spec.issuer is Issuer.PRIVATE else b""
    return leaf.private_key_and_cert_chain_pem.bytes() + root
