"""A receiver of Alertmanager's webhooks, which writes every notification down; run inside a namespace by `alerting`."""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

__all__ = ["Receiver"]


class Receiver(BaseHTTPRequestHandler):
    """Writes each body down with the path that it came to, a line of JSON each."""

    def do_POST(self) -> None:
        """A notification."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with Path(sys.argv[2]).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"path": self.path, **body}) + "\n")
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        """Whether it answers."""
        self.send_response(200)
        self.end_headers()


if __name__ == "__main__":
    host, _, port = sys.argv[1].partition(":")
    HTTPServer((host, int(port)), Receiver).serve_forever()
