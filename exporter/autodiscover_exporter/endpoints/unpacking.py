"""Kept text for clients that take no gzip: what was asked for lately is not unpacked again."""

import zlib

__all__ = ["Unpacking"]

GZIP = 16 + zlib.MAX_WBITS
"""zlib's number for the format of gzip."""

MOST_BYTES = 4 * 1024 * 1024
"""Bytes of text that are remembered: of some hundred domains, in a process of tens of megabytes."""


class Unpacking:
    """Unpacks gzipped text, and remembers at most so many bytes of what came of it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._left = most_bytes
        self._texts: dict[bytes, bytes] = {}

    def text(self, packed: bytes) -> bytes:
        """The text; what was asked for longest ago is forgotten first."""
        text = self._texts.pop(packed, None)
        if text is None:
            text = zlib.decompress(packed, GZIP)
            self._left -= len(packed) + len(text)
        self._texts[packed] = text
        while self._left < 0:
            self._forget(next(iter(self._texts)))
        return text

    def _forget(self, packed: bytes) -> None:
        self._left += len(packed) + len(self._texts.pop(packed))
