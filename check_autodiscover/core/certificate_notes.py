"""What is worth a word about certificates that are in order: notes, which raise no alarm."""

from collections.abc import Iterator

from check_autodiscover.core.certificate import covers
from check_autodiscover.core.names import matches_dns_id
from check_autodiscover.core.picture import Picture, ViewPicture
from check_autodiscover.core.policy import Method
from check_autodiscover.core.rules.phrases import joined

__all__ = ["certificate_notes"]


def certificate_notes(picture: Picture) -> Iterator[str]:
    """What holds of the certificates at the intended endpoints, and of what they are judged by, each in a sentence."""
    anchors = picture.survey.anchors
    if anchors and not any(anchor.startswith("system (") for anchor in anchors):
        yield (
            f"the system's trust anchors were left out (--no-system-trust): only {joined(anchors)} was trusted, and a "
            "public certificate counts as untrusted"
        )
    for view in picture.views:
        if view.method is not Method.EXCHANGE_ONLINE:
            yield from _wildcards(picture.survey.domain, view)


def _wildcards(domain: str, view: ViewPicture) -> Iterator[str]:
    """Where a wildcard alone makes a certificate fit: it does not cover what it hangs from, and old clients mind it."""
    for candidate in view.intended:
        for certificate in (item.certificate for item in view.scene.met[candidate] if item.certificate):
            wildcard = next((name for name in certificate.dns_names if matches_dns_id(name, candidate.name)), "")
            if not wildcard or candidate.name in certificate.dns_names:
                continue
            if wildcard == f"*.{domain}" and not covers(certificate, domain):
                yield (
                    f"the certificate of {candidate.name} is for {wildcard}, which does not cover {domain} itself: "
                    f"keep port 443 of {domain} closed, or give it a certificate of its own"
                )
            yield (
                f"{candidate.name} is covered by {wildcard} alone: Outlook 2007 and Windows XP never stop asking for "
                f"the password, unless Set-OutlookProvider EXPR -CertPrincipalName msstd:{wildcard} is set"
            )
