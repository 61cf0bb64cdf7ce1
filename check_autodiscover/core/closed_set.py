"""The base of enums that questions, candidates and tables are looked up by."""

from enum import Enum

__all__ = ["ClosedSet"]


class ClosedSet(Enum):
    """An enum whose members are hashed by what makes them equal: their identity.

    Enum hashes a member's name, in Python, and a check looks up thousands.
    """

    __hash__ = object.__hash__
