"""The stylesheet and the script, served under names that hold the hash of what is in them: browsers keep them."""

from hashlib import sha256
from importlib.resources import files

from autodiscover_exporter.web.messages import Response

__all__ = ["Assets"]

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_KEPT = "public, max-age=31536000, immutable"


class Assets:
    """The files of `static/`. `names` maps a file to the name it is served under."""

    def __init__(self) -> None:
        self._responses: dict[str, Response] = {}
        self.names: dict[str, str] = {}
        for file in (files("autodiscover_exporter.pages") / "static").iterdir():
            stem, _, kind = file.name.rpartition(".")
            if kind not in _TYPES:
                continue
            body = file.read_bytes()
            served = f"{stem}.{sha256(body).hexdigest()[:16]}.{kind}"
            self.names[file.name] = served
            self._responses[served] = Response(body, content_type=_TYPES[kind], headers={"cache-control": _KEPT})

    def get(self, name: str) -> Response | None:
        """The file that is served under a name."""
        return self._responses.get(name)
