"""The public suffixes of the names in made-up worlds."""

__all__ = ["suffix_of"]

SUFFIXES = frozenset({"com", "net", "org", "example", "co.uk"})


def suffix_of(name: str) -> str:
    labels = name.split(".")
    ends = (".".join(labels[start:]) for start in range(len(labels)))
    return next((end for end in ends if end in SUFFIXES), "")
