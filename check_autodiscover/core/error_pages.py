"""What an error page says of its reason: the sub-statuses and codes that IIS, TMG and nginx print.

IIS writes a sub-status into its log and its detailed page alone (Microsoft, "The HTTP status codes in IIS"), so that
a page without one says nothing. `client_certificate` takes some signs for proofs, `replies` puts them into words.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from check_autodiscover.core.client_certificate import Demand
from check_autodiscover.core.observations import HttpAnswer

__all__ = ["SIGNS", "Sign", "sign_of"]


@dataclass(frozen=True, slots=True)
class Sign:
    """A text on the page of one of some statuses: `code` as messages name it, what it means, and what to do."""

    statuses: tuple[int, ...]
    pattern: str
    code: str
    words: str
    advice: str = ""
    demand: Demand = Demand.NONE
    """What it says of a demand for a client certificate. One that is not accepted is not ours, as we present none."""

    def stands_in(self, answer: HttpAnswer) -> bool:
        """Whether an answer's page has it."""
        return answer.status in self.statuses and re.search(self.pattern, answer.body, re.IGNORECASE) is not None


def _sub_status(number: str) -> str:
    return rf"(?<![\d.]){re.escape(number)}(?![\d.]*\d)"


_PRESENTED = "Look at the certificate that the proxy in front of {name} presents to it: "

SIGNS = (
    Sign(
        (403,),
        rf"{_sub_status('403.7')}|requires a client certificate|client certificate required",
        "403.7",
        "a client certificate is required",
        demand=Demand.PROVEN,
    ),
    Sign(
        (500,),
        r"0x80070032",
        "0x80070032",
        "it cannot ask for a client certificate under TLS 1.3",
        "TLS 1.3 has no renegotiation, so that even Accept fails; to ask in the first handshake (netsh http, "
        "clientcertnegotiation=enable) or to disable TLS 1.3 on the binding only hides it.",
        Demand.PROVEN,
    ),
    Sign(
        (400,),
        r"no required ssl certificate",
        "nginx",
        "no required SSL certificate was sent",
        demand=Demand.PROVEN,
    ),
    Sign(
        (403,),
        _sub_status("403.13"),
        "403.13",
        "the client certificate is revoked, or that cannot be checked",
        _PRESENTED + "renew it, and let the server reach the revocation list.",
        Demand.SUSPECTED,
    ),
    Sign(
        (403,),
        _sub_status("403.16"),
        "403.16",
        "the client certificate is not trusted",
        _PRESENTED + "its issuer belongs into the server's trusted roots, and nothing but roots stands there.",
        Demand.SUSPECTED,
    ),
    Sign(
        (403,),
        _sub_status("403.17"),
        "403.17",
        "the client certificate has expired or is not yet valid",
        _PRESENTED + "renew it, and check both clocks.",
        Demand.SUSPECTED,
    ),
    Sign(
        (400,),
        r"the ssl certificate error",
        "nginx",
        "the client certificate is not accepted",
        _PRESENTED + "it must be issued by what ssl_client_certificate names.",
        Demand.SUSPECTED,
    ),
    Sign(
        (403,),
        _sub_status("403.4"),
        "403.4",
        "SSL is required",
        "IIS wants https there and redirects nobody: publish a redirect on port 80 of {name}, or take Require SSL off "
        "its redirect site.",
    ),
    Sign((403,), _sub_status("403.5"), "403.5", "128-bit SSL is required"),
    Sign(
        (403,),
        _sub_status("403.6"),
        "403.6",
        "the client's address is rejected",
        "Allow the clients' addresses under IP Address and Domain Restrictions on {name}, Microsoft's for mobile "
        "clients among them.",
    ),
    Sign((403,), _sub_status("403.8"), "403.8", "access to the site is denied"),
    Sign(
        (500, 502),
        r"-2146893022|0x80090322",
        "-2146893022",
        "the proxy connects to a name that Exchange's certificate lacks",
        "On ISA or TMG let the publishing rule's To tab name a host that the certificate on the Exchange server has.",
    ),
)
"""Every sign, those that say more before those that say less."""


def sign_of(answers: Iterable[HttpAnswer]) -> Sign | None:
    """What the pages of some answers say, None where they say nothing that is known."""
    known = tuple(answers)
    return next((sign for sign in SIGNS for answer in known if sign.stands_in(answer)), None)
