"""A real dnsdist in front of a resolver, which does to answers what networks and providers do to them.

Used by the worlds of this folder. None of the faults is left to chance.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import partial
from pathlib import Path

from tests.stack.bind import DOMAIN
from tests.stack.namespace import Namespace

__all__ = ["Fault", "rewriting", "start_dnsdist"]


class Fault(Enum):
    """What happens to questions; the value is its dnsdist configuration."""

    NONE = ""
    DELAYED = "addAction(AllRule(), DelayAction(200))"
    DROPPED = "addAction(AllRule(), DropAction())"
    REFUSED = "addAction(AllRule(), RCodeAction(DNSRCode.REFUSED))"
    SERVFAIL = f'addAction("{DOMAIN}.", RCodeAction(DNSRCode.SERVFAIL))'
    """For the domain alone: other questions are answered."""
    LAPSED = f'addAction("{DOMAIN}.", RCodeAction(DNSRCode.NXDOMAIN))'
    TRUNCATED = "addAction(TCPRule(false), TCAction())"
    NO_SUCH_NAME = f'addAction("autodiscover.{DOMAIN}.", RCodeAction(DNSRCode.NXDOMAIN))'
    LOSSY = """\
local seen = {}
addAction(AllRule(), LuaAction(function(question)
  local key = question.qname:toString() .. question.qtype
  seen[key] = not seen[key]
  return seen[key] and DNSAction.Drop or DNSAction.None
end))"""
    """Every second datagram of each question is lost, the first one first: half of them all."""


def rewriting(address: str, *known: str) -> str:
    """What a provider does that shows its own web site in place of "no such name": all but `known` lead there."""
    names = ", ".join(f'QNameRule("{name}.")' for name in known)
    answer = f'SpoofAction("{address}", {{ra=true}})'
    return f"addAction(AndRule({{NotRule(OrRule({{{names}}})), QTypeRule(DNSQType.A)}}), {answer})"


CONFIGURATION = """\
setSecurityPollSuffix("")
setLocal("{address}:53")
setACL({{"127.0.0.0/8"}})
newServer("{upstream}:53"):setUp()
addAction("{ready}", SpoofAction("{address}"))
{faults}
"""

READY = "ready.dnsdist."
"""A name that it answers for itself before any fault."""


@contextmanager
def start_dnsdist(
    namespace: Namespace, folder: Path, address: str, upstream: str, faults: Iterable[str]
) -> Iterator[None]:
    """A dnsdist at `address` in front of the server at `upstream`, killed at the end."""
    folder.mkdir()
    configuration = folder / "dnsdist.conf"
    text = CONFIGURATION.format(address=address, upstream=upstream, ready=READY, faults="\n".join(faults))
    configuration.write_text(text)
    command = ("dnsdist", "--supervised", "--disable-syslog", "-C", str(configuration))
    daemon = namespace.start(*command, log=folder / "dnsdist.log")
    try:
        daemon.wait_until(partial(_answers, namespace, address))
        yield
    finally:
        daemon.kill()


def _answers(namespace: Namespace, address: str) -> bool:
    asked = namespace.run("dig", f"@{address}", "+time=1", "+tries=1", "+short", READY, "A")
    return asked.stdout.strip() == address
