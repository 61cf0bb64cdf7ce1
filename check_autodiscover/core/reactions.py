"""What a client meets at a candidate, as Outlook's log has it: the HRESULT and the words, by table.

Codes of Windows' own HTTP client are 0x8007 and its error in hexadecimal (WinHTTP, "Error messages"); `UNSPECIFIED`
stands where none is known. `walking` says whether the client goes on, the log and the page of the clients show them.
"""

from check_autodiscover.core.http_answer import AnswerClass
from check_autodiscover.core.meeting import Meeting, NameFault
from check_autodiscover.core.verification import Verdict

__all__ = [
    "ANSWERS",
    "CERTIFICATES",
    "CLIENT_CERTIFICATE",
    "NAMES",
    "NO_ADDRESS",
    "NO_ANSWER",
    "NO_CONNECTION",
    "NO_SCP",
    "NO_SRV",
    "NO_TLS",
    "SPENT_REDIRECT",
    "SUCCESS",
    "UNSPECIFIED",
    "Reaction",
    "certificate_trouble",
]

Reaction = tuple[str, str]
"""An HRESULT, and what is so in words."""

SUCCESS = "0x00000000"
UNSPECIFIED = "0x80004005"
"""E_FAIL."""

NO_ADDRESS = ("0x80072EE7", "the name has no address")
NO_CONNECTION = ("0x80072EFD", "no connection")
NO_ANSWER = ("0x80072EE2", "no answer")
NO_TLS = ("0x80072F7D", "no TLS session")
CLIENT_CERTIFICATE = ("0x80072F0C", "a client certificate is demanded")
NO_SCP = ("0x8004010F", "no service connection point")
NO_SRV = ("0x8004010F", "no SRV record")
SPENT_REDIRECT = (UNSPECIFIED, "the redirect leads nowhere new")

ANSWERS: dict[AnswerClass, Reaction] = {
    AnswerClass.EXCHANGE: (SUCCESS, "asks for a login, as Exchange does"),
    AnswerClass.SETTINGS: (SUCCESS, "answers with Autodiscover XML and asks for no login"),
    AnswerClass.PASSWORD: (SUCCESS, "asks for a password"),
    AnswerClass.NO_METHOD: (UNSPECIFIED, "HTTP 401 that offers no way to log in"),
    AnswerClass.REDIRECT: (UNSPECIFIED, "a redirect that leads nowhere new"),
    AnswerClass.REDIRECT_ELSEWHERE: (UNSPECIFIED, "a redirect that is not to Autodiscover"),
    AnswerClass.REDIRECT_ADDRESS: (UNSPECIFIED, "sends the client on to an address of another mail domain"),
    AnswerClass.WEBSITE: (UNSPECIFIED, "a web page, not Autodiscover"),
    AnswerClass.FORBIDDEN: (UNSPECIFIED, "HTTP 403"),
    AnswerClass.NOT_FOUND: ("0x80070057", "no Autodiscover at this path (HTTP 4xx)"),
    AnswerClass.FAILING: ("0x80070057", "HTTP 5xx"),
    AnswerClass.BUSY: ("0x80070057", "busy, asks to come back later"),
    AnswerClass.BROKEN: ("0x80072EFE", "the connection breaks off after the request"),
    AnswerClass.SILENT: ("0x80072EE2", "no answer to the request"),
    AnswerClass.UNSEEN: ("", "the answer was not seen"),
}

NAMES: dict[NameFault, Reaction] = {
    NameFault.MISMATCH: ("0x80072F06", "the certificate lacks {name}"),
    NameFault.COMMON_NAME_ONLY: ("0x80072F06", "{name} stands in the common name alone"),
}
"""What is held against a certificate's names, `name` being the host that the client contacts."""

CERTIFICATES: dict[Verdict, Reaction] = {
    Verdict.EXPIRED: ("0x80072F05", "the certificate has expired"),
    Verdict.NOT_YET_VALID: ("0x80072F05", "the certificate is not yet valid"),
    Verdict.SELF_SIGNED: ("0x80072F0D", "the certificate is self-signed"),
    Verdict.CHAIN_INCOMPLETE: ("0x80072F0D", "an intermediate certificate is missing"),
    Verdict.UNTRUSTED: ("0x80072F0D", "the certificate's issuer is not trusted"),
    Verdict.REVOKED: ("0x80072F8A", "the certificate is revoked"),
    Verdict.OTHER: ("0x80072F17", "the certificate has errors"),
}


def certificate_trouble(meeting: Meeting) -> Reaction:
    """What a client holds against a meeting's certificate, its names before its chain."""
    if meeting.name_fault is not None:
        code, words = NAMES[meeting.name_fault]
        return code, words.format(name=meeting.candidate.name)
    if meeting.faults:
        return CERTIFICATES.get(meeting.faults[0].verdict, CERTIFICATES[Verdict.OTHER])
    return "0x80072F89", "the certificate cannot be read"
