"""The one place that makes text from DNS, certificates and servers fit to be shown.

Everything that prints calls it. What comes out is printable ASCII on one line, so it survives any locale, cannot end
a status line early, start performance data, become markup in a web page, or turn the direction of the text around it.

The line that monitoring systems show and send, of a report or of a run that came to none.
"""

import re

__all__ = ["first_line", "sanitize", "shorten"]

MAX_TEXT = 1000
"""Characters that one text may have, a sentence about sixteen IPv6 addresses included."""

_ELLIPSIS = "..."

_ESCAPED = {ord(character): f"\\x{ord(character):02x}" for character in "|<>\\"} | {
    code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F)
}

_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}


def sanitize(text: str, limit: int = MAX_TEXT) -> str:
    r"""The text as printable ASCII without `|`, `<` and `>`, at most `limit` characters.

    Whatever else it held stands as `\xNN`, `\uNNNN` or `\UNNNNNNNN`, the backslash too, so that an escape is always
    ours.
    """
    escaped = text[: limit + 1].translate(_ESCAPED).encode("ascii", "backslashreplace").decode("ascii")
    return shorten(escaped, limit)


def shorten(cleaned: str, limit: int) -> str:
    """Clean text, cut to at most `limit` characters with an ellipsis, never inside an escape."""
    if len(cleaned) <= limit:
        return cleaned
    cut = cleaned[: limit - len(_ELLIPSIS)]
    escape = cut.rfind("\\")
    if escape >= 0 and escape + _ESCAPE_LENGTHS[cleaned[escape + 1]] > len(cut):
        cut = cut[:escape]
    return f"{cut.rstrip()}{_ELLIPSIS}"


FIRST_LINE = 200
"""Characters before the performance data; monitoring systems cut longer ones in notifications."""

_TAIL = re.compile(r"(?: \[[a-z0-9-]{1,60}\])?(?: \(\+[0-9]{1,4} more\))?\Z")
"""The end of a sentence that must stay whole, as it says where to look further."""


def first_line(state: str, domain: str, sentence: str) -> str:
    """`AUTODISCOVER STATE - domain: cause [rule] (+N more)`, cleaned and cut before the rule. `domain` may be empty."""
    body = _TAIL.sub("", sentence)
    tail = sentence.removeprefix(body)
    about = f"{domain}: " if domain else ""
    line = sanitize(f"AUTODISCOVER {state} - {about}{body}")
    return shorten(line, FIRST_LINE - len(tail)) + tail
