"""Asks a running exporter whether it answers: a container's health check, where there is no shell and no curl.

`python -m autodiscover_exporter.healthcheck [URL]`. Exit code 0 if it does, else 1, as Docker's HEALTHCHECK wants it.
"""

import sys
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

__all__ = ["main"]

DEFAULT_URL = "http://127.0.0.1:10093/-/healthy"

SECONDS = 4
"""How long the exporter may take to answer."""


def main(argv: Sequence[str]) -> int:
    """Ask once. The first argument names another URL, where the exporter listens elsewhere or has a prefix."""
    url = urlsplit(argv[0] if argv else DEFAULT_URL)
    connection = HTTPConnection(url.hostname or "", url.port, timeout=SECONDS)
    try:
        connection.request("GET", url.path)
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, HTTPException) as error:
        print(f"autodiscover_exporter does not answer: {error}", file=sys.stderr)
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
