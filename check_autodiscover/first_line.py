"""The line that monitoring systems show and send, of a report or of a run that came to none."""

import re

from check_autodiscover.hostile import clean, shorten

__all__ = ["first_line"]

FIRST_LINE = 200
"""Characters before the performance data; monitoring systems cut longer ones in notifications."""

_TAIL = re.compile(r"(?: \[[a-z0-9-]{1,60}\])?(?: \(\+[0-9]{1,4} more\))?\Z")
"""The end of a sentence that must stay whole, as it says where to look further."""


def first_line(state: str, domain: str, sentence: str) -> str:
    """`AUTODISCOVER STATE - domain: cause [rule] (+N more)`, cleaned and cut before the rule. `domain` may be empty."""
    body = _TAIL.sub("", sentence)
    tail = sentence.removeprefix(body)
    about = f"{domain}: " if domain else ""
    line = clean(f"AUTODISCOVER {state} - {about}{body}")
    return shorten(line, FIRST_LINE - len(tail)) + tail
