"""Rules about Autodiscover XML that is given without a login: errors, and addresses of other mail domains."""

from collections.abc import Iterator
from dataclasses import replace

from check_autodiscover.core.analysis.answer_xml import XmlAnswer
from check_autodiscover.core.analysis.contacts import EndpointState
from check_autodiscover.core.analysis.replies import AnswerClass, decisive_answer, xml_of
from check_autodiscover.core.model.finding import Finding
from check_autodiscover.core.model.names import BadName, parse_domain

__all__ = ["FAULTS", "judge_xml"]

FAULTS = {
    "600": ("the request is invalid", "See why the server does not understand a request as Outlook makes it."),
    "601": (
        "no provider for what Outlook asks",
        "Enable the Outlook schema there: a server for phones alone answers so.",
    ),
    "603": ("internal error", "See the server's event log: it cannot look up users, in Active Directory or its own."),
}
"""Error codes that no mailbox can be the reason of (MS-OXDSCLI 2.2.4.1.1.3.2): their meaning, and what to do.

500, 501 and 602 are about the address, and the one that is asked about does not exist.
"""


def judge_xml(domain: str, bare: Finding, meeting: EndpointState) -> Iterator[Finding]:
    """What the XML met at an intended place deserves to be told; `bare` is a finding there without rule and words."""
    if meeting.contact is None:
        return
    for answer in meeting.contact.answers:
        said = xml_of(answer)
        if answer.method == "POST" and said is not None and said.error_code in FAULTS:
            meaning, advice = FAULTS[said.error_code]
            yield _told(bare, "service-xml-error", code=said.error_code, meaning=meaning, advice=advice)
    if meeting.answer is AnswerClass.REDIRECT_ADDRESS:
        decisive = decisive_answer(meeting.contact.answers)
        target = _domain(xml_of(decisive) if decisive else None)
        if target == domain:
            yield _told(bare, "service-redirect-loop", answer=f"a redirect to an address of {domain} itself")
        else:
            yield _told(bare, "service-redirect-address", target=target or "no usable address")


def _domain(said: XmlAnswer | None) -> str:
    """The mail domain that XML sends on to, empty where it is none."""
    try:
        return parse_domain(said.redirect_domain) if said else ""
    except BadName:
        return ""


def _told(bare: Finding, rule: str, **args: str) -> Finding:
    return replace(bare, rule=rule, args=(*bare.args, *args.items()))
