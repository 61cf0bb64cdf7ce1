"""Domain and host names: reading what people type, and comparing what certificates and DNS say.

The option parser and the configuration loader call `parse_domain` and `parse_host`; everything behind them works on
absolute A-labels in lower case without the final dot, which is the only form the other functions here know.

The names under which Microsoft's cloud publishes Autodiscover.

An alias of `autodiscover.D` that passes one of them is Exchange Online; behind it nothing is ours to contact,
compare or judge. Source: Exchange Server documentation, "Autodiscover service"; the sovereign clouds from
CSS-Exchange, `Get-CloudServiceEndpoint`.
"""

import re
from collections.abc import Callable, Iterable

__all__ = [
    "CLOUD_PARENTS",
    "EXCHANGE_ONLINE_ALIAS",
    "BadName",
    "address_of",
    "cloud_name",
    "is_address",
    "is_below",
    "matches_dns_id",
    "misspelt",
    "near_miss",
    "parents",
    "parse_domain",
    "parse_host",
]

MAX_NAME = 253
"""Characters of a name in text form (RFC 1035 2.3.4: 255 octets on the wire)."""

MAX_LABEL = 63
"""Characters of a label (RFC 1035 2.3.4)."""

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")

_QUOTED = 80


class BadName(ValueError):
    """The text is no name we can ask for; the message is one sentence that names the text and its fault."""


def parse_domain(text: str) -> str:
    """The A-labels of a mail domain as a person writes it (RFC 5321 2.3.5, IDNA 2008). Raises `BadName`."""
    name = parse_host(text)
    if "." not in name:
        raise BadName(f"{_quoted(text)} is not a mail domain: it has one label only, as in 'localhost'")
    return name


def parse_host(text: str) -> str:
    """The A-labels of a host as a person writes it (RFC 952, RFC 1123 2.1, IDNA 2008). Raises `BadName`."""
    fault = next((sentence for wrong, sentence in _TEXT_FAULTS if wrong(text)), "")
    if fault:
        raise BadName(f"{_quoted(text)} is not a name: {fault}")
    name = _a_labels(text).removesuffix(".")
    fault = next((sentence for wrong, sentence in _NAME_FAULTS if wrong(name)), "")
    if fault:
        raise BadName(f"{_quoted(text)} is not a name: {fault}")
    return name


def parents(name: str) -> tuple[str, ...]:
    """The names above a name, nearest first, without the root: `a.b.c` gives `b.c` and `c`."""
    labels = name.split(".")
    return tuple(".".join(labels[index:]) for index in range(1, len(labels)))


def is_below(name: str, parent: str) -> bool:
    """Whether a name is the parent or lies below it."""
    return name == parent or name.endswith(f".{parent}")


def matches_dns_id(pattern: str, name: str) -> bool:
    """Whether a certificate's dNSName covers the host that a client contacts (RFC 9525 6.3).

    A wildcard is the whole left-most label, stands for exactly one label, and needs two labels after it. An IP
    address is no DNS-ID, and neither is a pattern with a final dot, as no name in a certificate has one (RFC 5280
    4.2.1.6). Both sides are A-labels; case does not matter, nor the contacted host's final dot.
    """
    if not (pattern.isascii() and name.isascii()):
        return False
    pattern, name = pattern.lower(), name.lower().removesuffix(".")
    if not name or "*" in name or _is_address(name):
        return False
    if "*" not in pattern:
        return pattern == name
    return _matches_wildcard(pattern, name)


def near_miss(names: Iterable[str], wanted: str) -> str:
    """The name of a certificate that is probably a misspelling of the wanted one, empty if none is.

    At most two letters are added, lost, wrong or swapped with their neighbour. Names that differ in digits only, or in
    a short label (`mx1` and `mx2`, `.de` and `.ch`), are different names, not misspellings.
    """
    found = [(edits, name) for name in names if (edits := misspelt(name, wanted))]
    return min(found, default=(0, ""))[1]


def misspelt(name: str, wanted: str) -> int:
    """How many slips make of the wanted name a certificate's; 0 where it is the same, or another name altogether."""
    return _misspelling(_filled(name, wanted), wanted)


def _matches_wildcard(pattern: str, name: str) -> bool:
    star, _, rest = pattern.partition(".")
    label, _, above = name.partition(".")
    return star == "*" and "*" not in rest and "." in rest and bool(label) and above == rest


def _filled(name: str, wanted: str) -> str:
    """A wildcard as it would read for the wanted name's first label."""
    return wanted.partition(".")[0] + name[1:] if name.startswith("*.") else name


def _misspelling(name: str, wanted: str) -> int:
    """How many slips lead from the wanted name to this one; 0 where it is the same or another name."""
    ours, theirs = _difference(wanted.split("."), name.split("."))
    if ours == theirs or ours.strip(_DIGITS) == theirs.strip(_DIGITS):
        return 0
    return next((edits for edits in (1, 2) if len(ours) >= 3 * edits and _within(ours, theirs, edits)), 0)


_DIGITS = "0123456789"


def _difference(ours: list[str], theirs: list[str]) -> tuple[str, str]:
    """The labels that two names do not have in common at either end."""
    for end in (-1, 0):
        while ours and theirs and ours[end] == theirs[end]:
            ours, theirs = (labels[:-1] if end else labels[1:] for labels in (ours, theirs))
    return ".".join(ours), ".".join(theirs)


def _within(a: str, b: str, edits: int) -> bool:
    """Whether some number of slips (Damerau: insert, delete, replace, swap neighbours) makes `b` of `a`."""
    if abs(len(a) - len(b)) > edits:
        return False
    same = next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    a, b = a[same:], b[same:]
    if not a or not b or not edits:
        return len(a) + len(b) <= edits
    rest = [(a[1:], b[1:]), (a[1:], b), (a, b[1:])]
    if a[:2] == b[:2][::-1]:
        rest.append((a[2:], b[2:]))
    return any(_within(x, y, edits - 1) for x, y in rest)


def _a_labels(text: str) -> str:
    if text.isascii() and "xn--" not in text.lower():
        return text.lower()
    # Its tables cost as much time as the rest of the core, and nearly every name does without them.
    import idna

    try:
        return idna.encode(text, uts46=not text.isascii(), std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise BadName(f"{_quoted(text)} is not an internationalised name (IDNA 2008): {error}") from None


def _quoted(text: str) -> str:
    return ascii(text if len(text) <= _QUOTED else f"{text[:_QUOTED]}...")


def address_of(host: str) -> str:
    """The IP address that stands in a URL in place of a name, `[V6]` in brackets (RFC 3986 3.2.2); empty for a name."""
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    return bare.lower() if (":" in bare) == (bare != host) and is_address(bare) else ""


def is_address(text: str) -> bool:
    """Whether a text is an IP address, as resolvers, certificates and URLs have them."""
    if not _is_address(text):
        return False
    # Hardly any name looks like one.
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_address(name: str) -> bool:
    """Whether a host is an IP address or a number: no top-level domain is all digits (RFC 3696 2)."""
    return ":" in name or name.removesuffix(".").rpartition(".")[2].isdigit()


_Fault = tuple[Callable[[str], bool], str]

# The order matters: the first fault that applies is the one that tells the person what to do.
_TEXT_FAULTS: tuple[_Fault, ...] = (
    (lambda text: not text.strip(), "it is empty"),
    (lambda text: len(text) > 4 * MAX_NAME, f"it is longer than {MAX_NAME} characters"),
    (lambda text: "://" in text or "/" in text, "give the name alone, without scheme and path"),
    (lambda text: "@" in text, "give only the part after the @"),
    (lambda text: any(char.isspace() for char in text), "it contains a space"),
    (lambda text: _is_address(text), "it is an IP address or has a port; a name is needed"),
    (lambda text: "*" in text, "a wildcard stands for no single host"),
    (lambda text: "_" in text, "an underscore is not allowed in it"),
)

_NAME_FAULTS: tuple[_Fault, ...] = (
    (lambda name: not all(name.split(".")), "it has an empty label"),
    (lambda name: len(name) > MAX_NAME, f"it is longer than {MAX_NAME} characters"),
    (lambda name: any(len(label) > MAX_LABEL for label in name.split(".")), f"a label is longer than {MAX_LABEL}"),
    (
        lambda name: not all(_LABEL.fullmatch(label) for label in name.split(".")),
        "a label may hold letters, digits and inner hyphens only",
    ),
    (_is_address, "it is an IP address or has a port; a name is needed"),
)

EXCHANGE_ONLINE_ALIAS = "autodiscover.outlook.com"
"""The alias that Microsoft asks customers of the worldwide cloud to publish."""

CLOUD_PARENTS = (
    "outlook.com",
    "office365.com",
    "office365.us",
    "partner.outlook.cn",
    "outlook.office.de",
    "sovcloud.fr",
    "sovcloud.de",
)


def cloud_name(names: Iterable[str]) -> str:
    """The first of some A-labels that lies at or below one of Microsoft's, empty if none does."""
    for name in names:
        if name.endswith(_BELOW) or name in CLOUD_PARENTS:
            return name
    return ""


_BELOW = tuple(f".{parent}" for parent in CLOUD_PARENTS)
