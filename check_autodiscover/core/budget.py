"""How many connections one check may cost, spent in the order in which they are wanted: that of the walk.

Addresses, SRV targets and redirects each have a limit of their own; what they multiply to is bounded here.
"""

from collections import Counter

from check_autodiscover.core.observations import EndpointQuestion

__all__ = ["MOST_CONNECTIONS", "MOST_TO_ADDRESS", "MOST_TO_HOST", "ConnectionBudget"]

MOST_CONNECTIONS = 96
"""Of a check: a domain with two views and all that can be wrong with it takes 24."""

MOST_TO_HOST = 32
"""To one name: `autodiscover.D` with sixteen addresses is asked by https and by http."""

MOST_TO_ADDRESS = 32
"""To one address, whichever names lead there."""


class ConnectionBudget:
    """What is left of the connections of one check."""

    def __init__(self) -> None:
        self._spent = 0
        self._hosts: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()

    def spend(self, question: EndpointQuestion) -> bool:
        """Return whether there is a connection left for a question, which is spent then."""
        host, address = question.name.lower(), question.address
        if self._spent >= MOST_CONNECTIONS:
            return False
        if self._hosts[host] >= MOST_TO_HOST or self._addresses[address] >= MOST_TO_ADDRESS:
            return False
        self._spent += 1
        self._hosts[host] += 1
        self._addresses[address] += 1
        return True
