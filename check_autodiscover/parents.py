"""The parents of a domain that somebody can own, by the list of public suffixes."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

__all__ = ["registrable_parents"]


def registrable_parents(domain: str) -> tuple[str, ...]:
    """The parents of a domain that somebody can own, nearest first: those below the public suffix."""
    labels = domain.split(".")
    if len(labels) < 3:
        return ()
    owned = _public_suffixes().privatesuffix(domain) or domain
    parents = (".".join(labels[index:]) for index in range(1, len(labels)))
    return tuple(parent for parent in parents if parent == owned or parent.endswith("." + owned))


@cache
def _public_suffixes() -> "PublicSuffixList":
    # The list takes a while to read, and most domains need none of it.
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
