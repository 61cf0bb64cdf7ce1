"""The pseudonyms of a survey's texts: learnt of all of them first, as what stands for one depends on the others."""

from collections.abc import Collection, Iterable, Mapping

from check_autodiscover.core.redaction.kinds import Kind
from check_autodiscover.core.redaction.labels import Names, SuffixOf
from check_autodiscover.core.redaction.networks import Addresses

__all__ = ["Pieces", "Pseudonyms"]

_HEX = {Kind.FINGERPRINT: 16, Kind.PUBLIC_KEY: 16, Kind.ISSUER_KEY: 10, Kind.SERIAL: 1}
"""What is written in hex digits: how often four of them are repeated, so that the first ones tell one from another."""


class Pieces:
    """Learns which pieces of text there are, by kind; as a `Hide` it changes none."""

    def __init__(self) -> None:
        self._found: dict[Kind, dict[str, None]] = {kind: {} for kind in Kind}

    def __call__(self, kind: Kind, text: str) -> str:
        """Take note of a piece."""
        self._found[kind][text] = None
        return text

    def of(self, kind: Kind) -> tuple[str, ...]:
        """All pieces of a kind, in the order of their text."""
        return tuple(sorted(self._found[kind]))


class Pseudonyms:
    """Puts the pseudonym of each of some pieces in its place. Raises KeyError for a piece that is none of them."""

    def __init__(
        self, pieces: Pieces, presented: Collection[str], contacted: Collection[str], suffix_of: SuffixOf
    ) -> None:
        self._names = Names(pieces.of(Kind.NAME), presented, contacted, suffix_of)
        self._addresses = Addresses(pieces.of(Kind.ADDRESS), pieces.of(Kind.NETWORK))
        self._counted = {kind: _numbers(kind, pieces.of(kind)) for kind in Kind}

    def __call__(self, kind: Kind, text: str) -> str:
        """The pseudonym of a piece."""
        match kind:
            case Kind.NAME:
                return self._names.of(text)
            case Kind.ADDRESS:
                return self._addresses.of(text)
            case Kind.NETWORK:
                return self._addresses.of_network(text)
        number = self._counted[kind][_key(kind, text)]
        return f"{number:04x}" * _HEX[kind] if kind in _HEX else f"{kind.value}{number}"


def _key(kind: Kind, text: str) -> str:
    return text.casefold() if kind is Kind.TEXT else text


def _numbers(kind: Kind, texts: Iterable[str]) -> Mapping[str, int]:
    keys = dict.fromkeys(_key(kind, text) for text in texts)
    return {key: number for number, key in enumerate(keys, 1)}
