"""A report as the log of Outlook's "Test E-mail AutoConfiguration", client by client, without Outlook.

The lines are those of an olkdisc.log (Microsoft Support, "Unexpected Autodiscover behavior", tells where it is kept); a
line in brackets is ours and says why. Called by `render`.
"""

import re
from collections.abc import Iterator

from check_autodiscover.core.clients import Walk, WalkStep
from check_autodiscover.core.policy import Step
from check_autodiscover.core.report import Report
from check_autodiscover.core.survey import Survey
from check_autodiscover.hostile import clean
from check_autodiscover.render_details import same_walks

__all__ = ["log_lines"]

_SUCCESS = "0x00000000"
_FAILURE = "0x80004005"
"""E_FAIL, where Outlook gives no code of its own."""

_GOES_ON = ("next", "follows", "unseen")
_FOUND_THROUGH = {
    Step.ROOT: "a redirect of the root domain",
    Step.AUTODISCOVER: "a redirect of autodiscover",
    Step.REDIRECT: "the redirect",
    Step.SRV: "SRV",
}


def log_lines(report: Report) -> Iterator[str]:
    """The logs of all clients, those of a view that take the same course together."""
    for clients, walk in same_walks(report.walks):
        yield ""
        yield f"Log of {clients}, {walk.view}, for {clean(report.domain)}:"
        yield from (f"  {line}" for line in _course(report.survey, walk))
        at = f" at {walk.at.value}" if walk.at else ""
        yield f"  Result: {walk.outcome.value}{at}"


def _course(survey: Survey, walk: Walk) -> Iterator[str]:
    before: WalkStep | None = None
    for step in walk.steps:
        hop = before is not None and before.step is step.step and before.outcome == "follows"
        yield from _step(survey, step, hop)
        before = step


def _step(survey: Survey, step: WalkStep, hop: bool) -> Iterator[str]:
    url, domain = clean(step.candidate), clean(survey.domain)
    match step.step:
        case Step.OFFICE365:
            yield f"Office 365 endpoint for {domain}: {clean(step.why)}"
        case Step.SCP:
            yield f"Local autodiscover for {domain}: {clean(step.why)}"
        case Step.SRV if "://" not in step.candidate:
            yield from _attempt(survey, f"Srv Record lookup for {domain}", step)
        case Step.SRV if not hop:
            yield f"Srv Record lookup for {domain} starting"
            yield f"Srv Record lookup for {domain} succeeded ({_SUCCESS})"
            yield from _found(survey, url, step)
        case Step.REDIRECT if not hop:
            yield from _attempt(survey, f"Redirect check to {url}", step)
        case _ if hop:
            yield from _found(survey, url, step)
        case _:
            yield from _attempt(survey, f"Autodiscover to {url}", step)


def _found(survey: Survey, url: str, step: WalkStep) -> Iterator[str]:
    yield f"Attempting URL {url} found through {_FOUND_THROUGH[step.step]}"
    yield from _attempt(survey, f"Autodiscover to {url}", step)


def _attempt(survey: Survey, what: str, step: WalkStep) -> Iterator[str]:
    yield f"{what} starting"
    if step.outcome == "unseen":
        yield f"[not seen: {clean(step.why)}]"
        return
    if "://" in step.candidate:
        yield f"GetLastError={_last_error(step.code)}; httpStatus={_status(survey, step)}."
    if step.outcome == "follows" or (step.outcome not in _GOES_ON and step.code in ("", _SUCCESS)):
        yield f"{what} succeeded ({_SUCCESS})"
    else:
        yield f"{what} FAILED ({step.code or _FAILURE})"
    yield f"[{clean(step.why)}]"


def _last_error(code: str) -> int:
    """The WinINet error behind an HRESULT of the Windows facility (0x8007 and 12000 to 12999), else 0."""
    value = int(code, 16) if re.fullmatch(r"0x[0-9A-Fa-f]{8}", code) else 0
    error = value & 0xFFFF
    return error if value >> 16 == 0x8007 and 12000 <= error < 13000 else 0


def _status(survey: Survey, step: WalkStep) -> int:
    """The HTTP status that the step met, 0 where it came to none. A step that ends a walk names its address first."""
    if _last_error(step.code):
        return 0
    statuses = {
        question.address: next((answer.status for answer in reversed(contact.answers) if answer.status), 0)
        for question, contact in survey.contacts.items()
        if f"{question.scheme.value}://{question.name}{question.path}" == step.candidate
    }
    named = [status for address, status in statuses.items() if step.why.startswith(f"{address}: ")]
    return next(iter((*named, *filter(None, statuses.values()))), 0)
