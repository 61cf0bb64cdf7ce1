"""Pseudonyms for domain names, label by label, so that all that a verdict rests on is as it was.

The same label is the same pseudonym everywhere: parents, equal names and wildcards stay so. Names stand in the same
order, as resolvers' rotation is undone by sorting. A misspelling of a name stays one, and other names become none.
Public suffixes, Microsoft's cloud, and first labels that half of the world uses are kept.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import product

from check_autodiscover.core.cloud import CLOUD_PARENTS
from check_autodiscover.core.names import is_below, misspelt

__all__ = ["KEPT_LABELS", "WELL_KNOWN_LABELS", "Names", "SuffixOf"]

SuffixOf = Callable[[str], str]
"""Tells the public suffix of a name (publicsuffix.org), empty where none is known."""

KEPT_LABELS = frozenset({"", "*", "_autodiscover", "_tcp", "autodiscover", "invalid", "www"})
"""Labels that clients and this program put before any domain, or below which nothing is."""

WELL_KNOWN_LABELS = frozenset(
    {"dc", "dc1", "dc2", "email", "ex", "ex1", "ex2", "exch", "exchange", "ftp", "imap", "lyncdiscover", "mail"}
    | {"mail1", "mail2", "mx", "mx1", "mx2", "ns", "ns1", "ns2", "ns3", "ns4", "outlook", "owa", "pop", "portal"}
    | {"remote", "server", "sip", "smtp", "vpn", "webmail", "www2"}
    | {"cpanel", "webdisk"}
)
"""First labels that tell nothing about whose they are; kept unless they are the domain's own name. Some tell a note."""

_SPECIAL = frozenset(
    {
        "arpa",
        "corp",
        "example",
        "home",
        "internal",
        "intra",
        "lan",
        "local",
        "localdomain",
        "localhost",
        "onion",
        "test",
    }
)
"""Top-level names that are nobody's (RFC 6761, RFC 6762, RFC 9476), and those that inside zones like."""

_LETTERS = "bcdfghjklmnpqrstvwxz"
"""No vowels, so that no pseudonym is a word."""

_STEMS = "abcdefghijklmnopqrstuvwxyz0123456789"
_FOREIGN = "\N{LATIN SMALL LETTER U WITH DIAERESIS}"
_LONGEST_STEM = 12


class Names:
    """The pseudonyms of some names.

    `presented` are names on certificates that may be misspellings of names that clients `contacted`. All are A-labels
    in lower case; whatever else a hostile server says is a label like any other.
    """

    def __init__(
        self, names: Collection[str], presented: Collection[str], contacted: Collection[str], suffix_of: SuffixOf
    ) -> None:
        labels = {label for name in names for label in name.split(".")}
        kept = _kept(names, suffix_of) & labels
        slips = dict(_slips(presented, contacted, kept))
        self._labels = {label: label for label in kept} | _made_up(labels - kept - slips.keys(), kept, labels)
        for label, (meant, count) in slips.items():
            self._labels[label] = self._slip(self._labels.get(meant, ""), count)

    def of(self, name: str) -> str:
        """The pseudonym of one of the names."""
        return ".".join(self._labels[label] for label in name.split("."))

    def _slip(self, meant: str, count: int) -> str:
        """A misspelling that is not taken yet."""
        taken = set(self._labels.values()) | self._labels.keys()
        return next(word for letter in _slip_letters() if (word := meant + letter * count) not in taken)


def _slip_letters() -> Iterator[str]:
    yield from _LETTERS[::-1]
    yield from map("".join, product(_LETTERS, repeat=2))


def _kept(names: Iterable[str], suffix_of: SuffixOf) -> frozenset[str]:
    """The labels that stay: public ones, and well-known ones that are nobody's own name."""
    public: set[str] = set()
    owned: set[str] = set()
    for name in names:
        labels = name.split(".")
        length = len(labels) - _private_length(name, labels, suffix_of)
        public.update(labels[len(labels) - length :])
        owned.update(labels[: len(labels) - length][-1:])
    return KEPT_LABELS | public | (WELL_KNOWN_LABELS - owned)


def _private_length(name: str, labels: list[str], suffix_of: SuffixOf) -> int:
    """How many labels stand before what is public."""
    cloud = next((parent for parent in CLOUD_PARENTS if is_below(name, parent)), "")
    numeric = labels[-1] if labels[-1].isdigit() or labels[-1] in _SPECIAL else ""
    public = cloud or suffix_of(name) or numeric
    return len(labels) - (public.count(".") + 1 if public else 0)


def _slips(
    presented: Collection[str], contacted: Collection[str], kept: frozenset[str]
) -> Iterator[tuple[str, tuple[str, int]]]:
    """Misspelt labels, each with what is meant and the number of slips; what is kept is what is meant."""
    found: set[str] = set()
    for wanted in sorted(contacted):
        for name in sorted(presented):
            count = misspelt(name, wanted)
            differing = _differing(name, wanted) if count else []
            for theirs, ours in differing:
                label, meant = (ours, theirs) if theirs in kept else (theirs, ours)
                usable = label not in kept and label not in found and meant not in found
                if usable and not meant.startswith("xn--"):
                    found.add(label)
                    yield label, (meant, max(1, count // len(differing)))


def _differing(name: str, wanted: str) -> list[tuple[str, str]]:
    theirs, ours = name.split("."), wanted.split(".")
    pairs = zip(theirs, ours, strict=True) if len(theirs) == len(ours) else ()
    return [(a, b) for a, b in pairs if a not in (b, "*")]


def _made_up(labels: Collection[str], kept: Collection[str], taken: Collection[str]) -> dict[str, str]:
    """Pseudonyms that stand among the kept labels and one another as these do, at least three letters apart."""
    codes = (code for code in _codes(len(labels)) if code not in taken)
    plain = [label for label in labels if not _shape(label)]
    found = {label: _shaped(label, next(codes)) for label in sorted(set(labels) - set(plain))}
    fences = {label for label in kept if not _shape(label)} | ({"xn--"} if found else set())
    low, gap = "", list[str]()
    for label in (*sorted({*plain, *fences}, key=_place), ""):
        if label and label not in fences:
            gap.append(label)
            continue
        stem = _stem(low, label)
        found |= {each: stem + next(codes) for each in gap}
        low, gap = label, []
    return found


def _place(label: str) -> str:
    """What names are sorted by: the dot that follows a label counts."""
    return f"{label}."


def _shape(label: str) -> str:
    """What is special about a label, empty for a plain one."""
    if label.startswith("xn--"):
        return "foreign"
    return "odd" if not label.isascii() or "*" in label or label.startswith("_") or not label else ""


def _shaped(label: str, code: str) -> str:
    """A pseudonym of the same shape; an A-label must be one that IDNA accepts."""
    if label.startswith("xn--"):
        return "xn--" + (code + _FOREIGN).encode("punycode").decode("ascii")
    return ("_" if label.startswith("_") else "") + code + ("" if label.isascii() else _FOREIGN) + "*" * ("*" in label)


def _codes(count: int) -> Iterator[str]:
    """Words in their order, each at least three letters from the others."""
    width = 2
    while len(_LETTERS) ** width < 2 * count:
        width += 1
    return ("".join(3 * letter for letter in letters) for letters in product(_LETTERS, repeat=width))


def _stem(low: str, high: str) -> str:
    """A beginning by which any word stands between two labels; empty labels set no bound, and nor does want of room."""
    if not low and not high:
        return ""
    for length in range(_LONGEST_STEM):
        starts = {fence[:length] for fence in (low, high) if len(fence) >= length}
        fitting = sorted(start + letter for start in starts for letter in _STEMS if _between(low, start + letter, high))
        if fitting:
            return fitting[len(fitting) // 2]
    return ""


def _between(low: str, stem: str, high: str) -> bool:
    above = not low or stem > _place(low)
    return above and (not high or (stem < _place(high) and not high.startswith(stem)))
