"""Which test proves which row of the failure-mode catalogue, read off the tests; prints the table when it is run.

A test names its rows in one of four ways, all of which people write anyway: in its own name (`test_row_12_...`), in
its docstring or its module's (`Row 60: ...`, `Incident 34, rows 20 and 46 of the catalogue`), or by the key of a case
in a table (`"row 25: a client certificate"`). What is called an incident is a row of another table.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["ON_DAEMONS", "ROWS", "named_in", "proofs"]

TESTS = Path(__file__).parents[1]

ROWS = {
    1: "a host record leads to our server, whose certificate lacks the name",
    2: "a catch-all answers for the name and shows a hoster's certificate",
    3: "only outside: the registrar's catch-all stands there alone",
    4: "only inside: the inside zone has a host record, the public one the SRV record alone",
    5: "the SRV record was lost on the way to another provider",
    6: "a host record is met before the SRV record",
    7: "the certificate lacks the SRV record's target",
    8: "the SRV record's port is not 443",
    9: "several SRV targets, one of them broken or of equal rank",
    10: "the SRV record's target does not exist, or lacks its final dot",
    11: "the SRV record's target is an alias",
    12: "an SRV record alone, and a client that knows none",
    13: "a consent box before an SRV target or a redirect",
    14: "a wildcard certificate covers the host record and not the domain itself",
    15: "the web site at the domain itself has a certificate without it",
    16: "the domain itself is a domain controller inside",
    17: "a place before the right one swallows packets",
    18: "the host record leads to a stranger's completely different certificate",
    19: "fine inside, broken outside: the zones differ",
    20: "broken inside only: the inside zone lacks the record",
    21: "name servers disagree, or one is lame",
    22: "still broken after the repair: answers are cached",
    23: "SERVFAIL, for a broken signature or for the domain alone",
    24: "a stranger's site asks for the password",
    25: "a client certificate is demanded, as HTTP 403 tells",
    26: "a client certificate is demanded, and TLS 1.3 resets",
    27: "a client certificate is demanded, as HTTP 500 tells",
    28: "a client certificate is demanded of every path",
    29: "a client certificate is refused",
    30: "HTTP 403 on port 80",
    31: "HTTP 403 everywhere",
    32: "the certificate lacks the name in Active Directory",
    33: "Active Directory names a server that is gone",
    34: "HTTP 404 at the Autodiscover path",
    35: "HTTP 500 at the Autodiscover path",
    36: "HTTP 503 at the Autodiscover path",
    37: "HTTP 401 without a way to log in",
    38: "a proxy breaks NTLM",
    39: "extended protection behind TLS bridging",
    40: "the certificate has expired",
    41: "an intermediate certificate is missing",
    42: "the certificate is self-signed",
    43: "the name stands in the common name alone",
    44: "a wildcard certificate and a deeper name",
    45: "a wildcard certificate and clients that compare its name",
    46: "a cloud mailbox, and a host record to the old server",
    47: "the cloud is asked first, the mailbox is on premises",
    48: "an alias to the cloud, mailboxes on premises",
    49: "a panel makes certificates beside the cloud's alias",
    50: "a hosting panel's record and settings",
    51: "a page on port 80",
    52: "a redirect to a page that is not Autodiscover",
    53: "a redirect of another status",
    54: "the redirect host listens on 443",
    55: "a redirect loop",
    56: "an error within Autodiscover's answer",
    57: "an address missing from Autodiscover's answer",
    58: "a policy on the PC skips steps",
    59: "the server's own default certificate behind a catch-all",
    60: "a catch-all below a search suffix",
    61: "every place fails, and clients may climb",
    62: "a parent's Autodiscover name is a stranger's",
    63: "the check is blind: a resolver lies, refuses or is silent",
}
"""The failure-mode catalogue, a row in few words."""

ON_DAEMONS = (*range(1, 13), *range(18, 24), 46, 48, *range(59, 64))
"""The rows about DNS: what they say of servers, caches and zones is proven on real ones, in `tests/stack`."""

_IN_NAME = re.compile(r"(?:^|_)rows?_(\d+(?:_and_\d+|_to_\d+)*)")
_IN_WORDS = re.compile(r"\b[Rr]ows? (\d+(?:(?:,| and| to) \d+|, and \d+)*)\b")
_IN_KEY = re.compile(r"rows? (\d+(?:(?:,| and| to) \d+)*)\b")
_RANGE = re.compile(r"(\d+)(?: |_)to(?: |_)(\d+)")


def proofs() -> dict[int, tuple[str, ...]]:
    """The tests by row, each as its file and its name, or its file and the key of its case."""
    found: dict[int, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for row, what in named_in(ast.parse(path.read_text())):
            found.setdefault(row, []).append(f"{path.relative_to(TESTS)}: {what}")
    return {row: tuple(dict.fromkeys(tests)) for row, tests in sorted(found.items())}


def named_in(module: ast.Module) -> Iterator[tuple[int, str]]:
    """The rows that a test module names, each with the name of the test or the key of the case."""
    yield from ((row, "the whole module") for row in _rows(_IN_WORDS, ast.get_docstring(module) or ""))
    for node in ast.walk(module):
        match node:
            case ast.FunctionDef(name=name) if name.startswith("test_"):
                text = ast.get_docstring(node) or ""
                yield from ((row, name) for row in (*_rows(_IN_NAME, name), *_rows(_IN_WORDS, text)))
            case ast.Dict(keys=keys):
                yield from _in_keys(keys)


def _in_keys(keys: list[ast.expr | None]) -> Iterator[tuple[int, str]]:
    for key in keys:
        match key:
            case ast.Constant(value=str(text)) if first := _IN_KEY.match(text):
                yield from ((row, text) for row in _numbers(first[1]))


def _rows(pattern: re.Pattern[str], text: str) -> Iterator[int]:
    for named in pattern.finditer(text):
        yield from _numbers(named[1])


def _numbers(text: str) -> Iterator[int]:
    """The numbers of `25, 26 and 28`, or of `25 to 28`."""
    yield from (int(number) for number in re.findall(r"\d+", text))
    for first, last in _RANGE.findall(text):
        yield from range(int(first) + 1, int(last))


if __name__ == "__main__":
    for row, tests in proofs().items():
        print(f"{row} {ROWS[row]}", *tests, sep="\n    ")
