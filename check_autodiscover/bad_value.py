"""What is raised for a text that is no such value, and how it names that text; `values` and others raise it."""

__all__ = ["BadValue", "quoted"]

_QUOTED = 80


class BadValue(ValueError):
    """The text is no such value; the message is one sentence that names the text and its fault."""


def quoted(text: str) -> str:
    """A text as messages name it, cut where it is long."""
    return f"'{text}'" if len(text) <= _QUOTED else f"'{text[:_QUOTED]}...'"
