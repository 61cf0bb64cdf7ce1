"""Surveys as few bytes: thousands of them are kept, each to be judged again when somebody wants to know more.

They resemble each other: the same policy, resolvers, certificate authorities and words. So each is compressed against
one that came before (a preset dictionary, RFC 1950 section 2.2), which halves it.
"""

import copyreg
import pickle
import zlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from io import BytesIO
from operator import attrgetter
from typing import Any

from check_autodiscover.core.observations import Contact, DnsAnswer, DnsQuestion, EndpointQuestion, HttpAnswer, Tls
from check_autodiscover.core.survey import Survey

__all__ = ["Packed", "Packing"]

LEVEL = 6
"""zlib's: against a dictionary it costs hardly more than the lowest."""

WINDOW = 32 * 1024
"""Bytes of a dictionary that are looked back at (RFC 1951 section 2)."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A survey in few bytes, and the dictionary that it was compressed against."""

    data: bytes
    dictionary: bytes

    def unpacked(self) -> Survey:
        """The survey."""
        stream = zlib.decompressobj(zdict=self.dictionary)
        # It never leaves this process: nobody else writes what is read here.
        survey: Survey = pickle.loads(stream.decompress(self.data) + stream.flush())
        return survey


class Packing:
    """Packs surveys. The first that saw all there is to see serves those after it as their dictionary."""

    def __init__(self) -> None:
        self._dictionary = b""

    def packed(self, survey: Survey) -> Packed:
        """The survey as it is kept."""
        data = _pickled(survey)
        dictionary = self._dictionary
        if not dictionary and survey.contacts and not survey.cut_short:
            self._dictionary = data[-WINDOW:]
        stream = zlib.compressobj(LEVEL, zdict=dictionary)
        return Packed(stream.compress(data) + stream.flush(), dictionary)


def _by_fields(type_: type[Any]) -> Callable[[Any], tuple[type[Any], tuple[Any, ...]]]:
    values = attrgetter(*(field.name for field in fields(type_)))
    return lambda value: (type_, values(value))


class _Pickler(pickle.Pickler):
    """Writes what a survey has many of by its fields: a dataclass's own way of telling them takes twice as long."""

    dispatch_table = copyreg.dispatch_table | {
        type_: _by_fields(type_) for type_ in (DnsQuestion, DnsAnswer, EndpointQuestion, Contact, Tls, HttpAnswer)
    }


def _pickled(survey: Survey) -> bytes:
    stream = BytesIO()
    _Pickler(stream, pickle.HIGHEST_PROTOCOL).dump(survey)
    return stream.getvalue()
