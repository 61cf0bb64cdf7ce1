"""Certificates as only the `openssl` command makes them: weak, revoked, without a way to an anchor; for tests here.

An authority of this kind has an intermediate or none, and its anchor is a file that clients may or may not trust.
"""

import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.stack.certificates import DAYS_LEFT, SiteCertificate
from tests.stack.namespace import COMMAND_SECONDS

__all__ = ["CommandAuthority", "create_command_authority"]

_AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
_ISSUED = "authorityKeyIdentifier=keyid\n"


@dataclass(frozen=True, slots=True)
class CommandAuthority:
    """An authority: its certificate, its key, and its issuer's certificate where it has one."""

    folder: Path
    above: Path | None = None

    @property
    def anchor(self) -> Path:
        """Its own certificate."""
        return self.folder / "authority.pem"

    @property
    def key(self) -> Path:
        """Its key."""
        return self.folder / "authority.key"

    def issue(
        self,
        *names: str,
        bits: int = 2048,
        digest: str = "sha256",
        issuer_url: str = "",
        with_chain: bool = True,
        common_name_only: bool = False,
    ) -> SiteCertificate:
        """A certificate for these names, the first its CN, `with_chain` if the server is to send its issuer's too."""
        number = len(list(self.folder.glob("site-*.key")))
        key, leaf, chain = (self.folder / f"site-{number}.{ending}" for ending in ("key", "pem", "chain"))
        access = f"authorityInfoAccess=caIssuers;URI:{issuer_url}\n" if issuer_url else ""
        alternatives = "" if common_name_only else f"subjectAltName={','.join(f'DNS:{name}' for name in names)}\n"
        _openssl("genrsa", "-out", key, str(bits))
        _sign(self, key, leaf, names[0], _ISSUED + access + alternatives, digest)
        chain.write_bytes(leaf.read_bytes() + (self.anchor.read_bytes() if with_chain and self.above else b""))
        return SiteCertificate(chain, key, _in_days(DAYS_LEFT))

    def revoke(self, certificate: SiteCertificate) -> Path:
        """The authority's OCSP answer, good for a week, that it revoked a certificate a day ago; a file in DER."""
        leaf = certificate.chain
        answer, request = leaf.with_suffix(".ocsp"), leaf.with_suffix(".request")
        serial = _openssl("x509", "-in", leaf, "-noout", "-serial").strip().partition("=")[2]
        yesterday, later = map(_in_days, (-1, 60))
        index = leaf.with_suffix(".index")
        index.write_text(
            f"R\t{later:%y%m%d%H%M%SZ}\t{yesterday:%y%m%d%H%M%SZ},keyCompromise\t{serial}\tunknown\t/CN=x\n"
        )
        _openssl("ocsp", "-issuer", self.anchor, "-cert", leaf, "-no_nonce", "-reqout", request)
        signer = ("-CA", self.anchor, "-rsigner", self.anchor, "-rkey", self.key)
        _openssl("ocsp", "-index", index, *signer, "-reqin", request, "-respout", answer, "-ndays", "7")
        return answer


def create_command_authority(folder: Path, name: str, issuer: CommandAuthority | None = None) -> CommandAuthority:
    """A new authority in a folder of its own, a root unless it has an issuer."""
    folder.mkdir()
    authority = CommandAuthority(folder, issuer.anchor if issuer else None)
    _openssl("genrsa", "-out", authority.key, "2048")
    if issuer is None:
        extensions = [word for line in _AUTHORITY.split() for word in ("-addext", line)]
        subject = ("-subj", f"/CN={name}", "-days", "100")
        _openssl("req", "-x509", "-new", "-key", authority.key, "-out", authority.anchor, *subject, *extensions)
    else:
        _sign(issuer, authority.key, authority.anchor, name, _AUTHORITY + _ISSUED, "sha256")
    return authority


def _in_days(days: int) -> datetime:
    return datetime.fromtimestamp(time.time(), UTC) + timedelta(days=days)


def _sign(issuer: CommandAuthority, key: Path, file: Path, name: str, extensions: str, digest: str) -> None:
    request, wanted = file.with_suffix(".csr"), file.with_suffix(".ext")
    wanted.write_text(extensions)
    _openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
    by = ("-CA", issuer.anchor, "-CAkey", issuer.key, "-CAcreateserial", "-days", str(DAYS_LEFT + 1))
    _openssl("x509", "-req", f"-{digest}", "-in", request, *by, "-extfile", wanted, "-out", file)


def _openssl(*arguments: str | Path) -> str:
    done = subprocess.run(
        ("openssl", *arguments), check=True, capture_output=True, encoding="utf-8", timeout=COMMAND_SECONDS
    )
    return done.stdout
