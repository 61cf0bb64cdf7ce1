"""Certificates of a certification authority made on the spot, as files that nginx reads; used by the worlds here."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

__all__ = ["DAYS_LEFT", "Authority", "SiteCertificate", "create_authority"]

DAYS_LEFT = 61
"""What a healthy certificate has left, in whole days, however long the tests take."""

LIFETIME = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class SiteCertificate:
    """A chain and its key, in PEM files, and when the leaf ends."""

    chain: Path
    key: Path
    ends: datetime


@dataclass(frozen=True, slots=True)
class Authority:
    """A certification authority; `anchor` is the file that its clients must trust."""

    ca: trustme.CA
    anchor: Path

    def issue(self, folder: Path, *names: str, days_left: int = DAYS_LEFT) -> SiteCertificate:
        """A certificate for these names, the first of them its CN, expired where `days_left` is negative."""
        # Half a day more, so that a run a moment or an hour later still counts the same whole days.
        end = datetime.now(UTC) + timedelta(days=days_left, hours=12)
        issued = self.ca.issue_cert(*names, common_name=names[0], not_before=end - LIFETIME, not_after=end)
        label = names[0].replace("*", "any")
        files = SiteCertificate(folder / f"{label}.pem", folder / f"{label}.key", end)
        files.chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(files.key)
        return files


def create_authority(folder: Path) -> Authority:
    """A new authority, its anchor written to `folder`."""
    ca = trustme.CA(organization_name="Stack tests")
    anchor = folder / "ca.pem"
    ca.cert_pem.write_to_path(anchor)
    return Authority(ca, anchor)
