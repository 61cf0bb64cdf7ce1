"""What the servers of the lab say over HTTP, as a table; used by `site_server`."""

from dataclasses import dataclass

from check_autodiscover.core.survey import AUTODISCOVER_PATH
from check_autodiscover.lab.world import Behaviour

__all__ = ["Answer", "answer_to"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `{redirect_to}` in a header stands for the site's own target."""

    status: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    def encode(self, method: str, redirect_to: str) -> bytes:
        """The bytes on the wire, without the body for HEAD."""
        body = self.body.encode()
        headers = (*self.headers, ("Content-Length", str(len(body))))
        lines = (f"{name}: {value.format(redirect_to=redirect_to)}" for name, value in headers)
        head = "\r\n".join((f"HTTP/1.1 {self.status}", *lines, "", ""))
        return head.encode() + (b"" if method == "HEAD" else body)


HTML = ("Content-Type", "text/html; charset=utf-8")
NOT_FOUND = Answer("404 Not Found", (HTML,), "<!doctype html><title>Not found</title>\n")

EXCHANGE = Answer(
    "401 Unauthorized",
    (
        ("Server", "Microsoft-IIS/10.0"),
        ("WWW-Authenticate", "Negotiate"),
        ("WWW-Authenticate", "NTLM"),
        ("WWW-Authenticate", 'Basic realm="exchange"'),
        ("X-FEServer", "EX1"),
    ),
)

SETTINGS = """\
<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <Account><AccountType>email</AccountType><Action>settings</Action>
      <Protocol><Type>IMAP</Type><Server>imap.hoster.example</Server><Port>993</Port></Protocol>
    </Account>
  </Response>
</Autodiscover>
"""

_ANSWERS = {
    Behaviour.WEBSITE: Answer("200 OK", (HTML,), "<!doctype html><title>Welcome</title><p>This is a web site.</p>\n"),
    Behaviour.REDIRECT: Answer("302 Found", (("Location", f"https://{{redirect_to}}{AUTODISCOVER_PATH}"),)),
    Behaviour.NOT_FOUND: NOT_FOUND,
    Behaviour.UNAVAILABLE: Answer("503 Service Unavailable", (HTML,), "<!doctype html><title>Unavailable</title>\n"),
    Behaviour.PASSWORD: Answer("401 Unauthorized", (("WWW-Authenticate", 'Basic realm="Customers only"'),)),
    Behaviour.SETTINGS: Answer("200 OK", (("Content-Type", "text/xml; charset=utf-8"),), SETTINGS),
}


def answer_to(behaviour: Behaviour, path: str) -> Answer:
    """The answer to a request for a path. Raises KeyError for a behaviour that never answers."""
    if behaviour is Behaviour.EXCHANGE:
        return EXCHANGE if path.lower().startswith("/autodiscover/") else NOT_FOUND
    return _ANSWERS[behaviour]
