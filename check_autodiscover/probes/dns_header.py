"""The fixed part of DNS messages, read without the codec; used by the resolver probe and all its carriers."""

from typing import Protocol

__all__ = ["FORMERR", "Carrier", "Unusable", "answers", "is_truncated", "rcode", "renumbered"]

FORMERR = 1
"""The response code of a server that cannot read the query (RFC 1035 4.1.1)."""

_HEADER = 12


class Unusable(Exception):
    """What came over a connection that the server itself answered on is no reply to the query."""


class Carrier(Protocol):
    """Takes queries to one server and replies back, over one kind of transport."""

    async def exchange(self, query: bytes) -> bytes:
        """The reply, waited for as long as it takes. Raises OSError where there is none, and Unusable."""
        ...

    async def close(self) -> None:
        """Close what was kept open between questions."""
        ...


def answers(query: bytes, reply: bytes) -> bool:
    """Whether these bytes are a reply to the query: its ID and its question, in whatever case (RFC 5452 section 9.1).

    A server that cannot read a question may leave it out of its error.
    """
    if len(reply) < _HEADER or reply[:2] != query[:2] or not reply[2] & 0x80:
        return False
    if reply[4:6] == b"\0\0":
        return rcode(reply) != 0
    end = query.index(b"\0", _HEADER) + 5
    return reply[4:6] == query[4:6] and reply[_HEADER:end].lower() == query[_HEADER:end].lower()


def rcode(reply: bytes) -> int:
    """The response code, without the part of it that EDNS adds."""
    return reply[3] & 0x0F


def is_truncated(reply: bytes) -> bool:
    """Whether the server had more to say (TC)."""
    return bool(reply[2] & 0x02)


def renumbered(message: bytes, number: int) -> bytes:
    """The message under another ID, of 16 bits."""
    return number.to_bytes(2, "big") + message[2:]
