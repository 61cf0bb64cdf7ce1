"""What the servers of the lab say over HTTP, as a table; used by `site_server`. What fails is in `faces`."""

from check_autodiscover.core.observations import AUTODISCOVER_PATH
from check_autodiscover.lab.faces import AT_THE_PATH, EVERYWHERE, HTML, LOGIN, Answer, at_the_path
from check_autodiscover.lab.world import Behaviour

__all__ = ["Answer", "answer_to"]


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


def answer_to(behaviour: Behaviour, path: str, version: str | None = None) -> Answer | None:
    """The answer to a request for a path under a version of TLS, None for a reset.

    Raises KeyError for a behaviour that never answers.
    """
    asked = path.lower().startswith("/autodiscover/")
    if behaviour is Behaviour.EXCHANGE:
        return EXCHANGE if asked else NOT_FOUND
    if behaviour in AT_THE_PATH:
        return at_the_path(behaviour, version) if asked else LOGIN
    return _ANSWERS.get(behaviour) or EVERYWHERE[behaviour]
