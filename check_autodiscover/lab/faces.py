"""IIS, proxies and filters as they fail, played: the texts are theirs, the server is ours, and IIS itself it is not.

Used by `answers`. The sources are Microsoft's "The HTTP status codes in IIS" and, for TLS 1.3, the IIS support blog
of August 2025.
"""

from dataclasses import dataclass

from check_autodiscover.lab.world import Behaviour

__all__ = ["AT_THE_PATH", "EVERYWHERE", "HTML", "LOGIN", "Answer", "at_the_path"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `{redirect_to}` in a header stands for the site's own target."""

    status: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    @property
    def closes(self) -> bool:
        """Whether the connection ends with it."""
        return ("Connection", "close") in self.headers

    def encode(self, method: str, redirect_to: str) -> bytes:
        """The bytes on the wire, without the body for HEAD."""
        body = self.body.encode()
        headers = (*self.headers, ("Content-Length", str(len(body))))
        lines = (f"{name}: {value.format(redirect_to=redirect_to)}" for name, value in headers)
        head = "\r\n".join((f"HTTP/1.1 {self.status}", *lines, "", ""))
        return head.encode() + (b"" if method == "HEAD" else body)


HTML = ("Content-Type", "text/html; charset=utf-8")
LOGIN = Answer("302 Found", (("Location", "/owa/auth/logon.aspx"),))


def _page(status: str, text: str = "", *headers: tuple[str, str]) -> Answer:
    return Answer(status, (HTML, *headers), f"<!doctype html><title>{status}</title><h2>{text or status}</h2>\n")


_FORBIDDEN = "403 Forbidden"
_ERROR = "500 Internal Server Error"
_DEMANDED = _page(
    _FORBIDDEN, "HTTP Error 403.7 - Forbidden: the page you are attempting to access requires a client certificate"
)
_TLS_1_3 = "TLSv1.3"

AT_THE_PATH: dict[Behaviour, Answer | None] = {
    Behaviour.CERTIFICATE_DEMANDED: _DEMANDED,
    Behaviour.CERTIFICATE_SUSPECTED: _page(_FORBIDDEN, "Access is denied."),
    Behaviour.CERTIFICATE_RESET: None,
    Behaviour.CERTIFICATE_UNASKED: _page(_ERROR, "HTTP Error 500.0: The request is not supported. (0x80070032)"),
    Behaviour.CERTIFICATE_UNTRUSTED: _page(_FORBIDDEN, "HTTP Error 403.16 - Forbidden: certificate is untrusted"),
}
"""What the Autodiscover path alone does under TLS 1.3, None being a reset."""


def at_the_path(behaviour: Behaviour, version: str | None) -> Answer | None:
    """What the Autodiscover path does under a version of TLS: below 1.3 IIS asks by renegotiation, and then says so."""
    asks = behaviour in (Behaviour.CERTIFICATE_RESET, Behaviour.CERTIFICATE_UNASKED)
    return _DEMANDED if asks and version != _TLS_1_3 else AT_THE_PATH[behaviour]


_XML_ERROR = """\
<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response><Error Time="00:00:00.0000000" Id="1"><ErrorCode>603</ErrorCode><Message>The Active Directory user wasn't
  found.</Message><DebugData /></Error></Response>
</Autodiscover>
"""

EVERYWHERE: dict[Behaviour, Answer] = {
    Behaviour.SSL_REQUIRED: _page(_FORBIDDEN, "HTTP Error 403.4 - Forbidden: SSL is required"),
    Behaviour.FORBIDDEN: _page(_FORBIDDEN, "Your country is blocked."),
    Behaviour.FAILING: _page(_ERROR),
    Behaviour.BRIDGE_FAILING: _page(_ERROR, "The target principal name is incorrect. (-2146893022)"),
    Behaviour.GATEWAY_FAILING: _page("502 Bad Gateway"),
    Behaviour.BUSY: _page("503 Service Unavailable", "", ("Retry-After", "30")),
    Behaviour.NO_METHOD: _page("401 Unauthorized"),
    Behaviour.LOGIN_CUT: _page(
        "401 Unauthorized", "", ("WWW-Authenticate", "Negotiate"), ("WWW-Authenticate", "NTLM"), ("Connection", "close")
    ),
    Behaviour.LOGIN_PAGE: Answer("302 Found", (("Location", "https://www.contoso.com/login"),)),
    Behaviour.XML_ERROR: Answer("200 OK", (("Content-Type", "text/xml; charset=utf-8"),), _XML_ERROR),
}
"""What a server does whatever is asked."""
