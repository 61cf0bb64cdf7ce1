"""A report as the log of Outlook's "Test E-mail AutoConfiguration", client by client, without Outlook.

Each judged client's course is one log, in the spelling of a real olkdisc.log (Microsoft Support, "Unexpected
Autodiscover behavior", tells where it is kept). A line in brackets is ours: what that log has no words for, and why.
Called by `render`.
"""

import re
from collections.abc import Iterator

from check_autodiscover.core.clients import STEP_NAMES, Walk, WalkStep
from check_autodiscover.core.http_answer import authentication_methods, decisive_answer
from check_autodiscover.core.observations import HttpAnswer
from check_autodiscover.core.policy import Step
from check_autodiscover.core.reactions import SUCCESS, UNSPECIFIED
from check_autodiscover.core.records import resolve
from check_autodiscover.core.report import Report
from check_autodiscover.core.survey import Survey
from check_autodiscover.hostile import clean
from check_autodiscover.render_details import same_walks

__all__ = ["log_lines"]

_GOES_ON = ("next", "follows", "unseen", "skipped")
_NOT_MET = ("unseen", "skipped")


def log_lines(report: Report) -> Iterator[str]:
    """The logs of the judged clients, those that take the same course together."""
    yield "[Lines in brackets are not Outlook's: they say what was seen, or was not looked at, and why.]"
    for views, clients, walk in same_walks(each for each in report.walks if each.judged):
        yield ""
        yield f"Log of {clients}, {views}, for {clean(report.domain)}:"
        yield "  AUTODISCOVER GET SETTINGS BEGIN"
        yield from (f"  {line}" for line in _course(report.survey, walk))
        at = f" at {walk.at.value}" if walk.at else ""
        yield f"Result: {walk.outcome.value}{at}"


def _course(survey: Survey, walk: Walk) -> Iterator[str]:
    before: WalkStep | None = None
    for step in walk.steps:
        hop = before is not None and before.step is step.step and before.outcome == "follows"
        yield from _step(survey, walk.view, step, hop)
        before = step


def _step(survey: Survey, view: str, step: WalkStep, hop: bool) -> Iterator[str]:
    if step.outcome in _NOT_MET:
        what = STEP_NAMES[step.step] if step.outcome == "skipped" else clean(step.candidate)
        yield f"[{what}: {'skipped ' if step.outcome == 'skipped' else ''}{clean(step.why)}]"
    elif "://" not in step.candidate:
        yield f"{_LOOKUPS[step.step]} for {clean(survey.domain)} failed ({step.code or UNSPECIFIED})"
        yield f"[{clean(step.why)}]"
    else:
        yield from _found(step, hop)
        yield from _attempt(survey, view, step, hop) if _attempted(step) else [f"[{clean(step.why)}]"]


def _attempted(step: WalkStep) -> bool:
    """Whether the client connects: it may pass a URL by, as one whose port it does not use."""
    return step.outcome != "next" or bool(step.code)


_LOOKUPS = {Step.SCP: "Local autodiscover", Step.SRV: "Srv Record Lookup"}
"""What the log calls a step that is a lookup, where it leads to no URL."""


def _found(step: WalkStep, hop: bool) -> Iterator[str]:
    url = clean(step.candidate)
    if step.step is Step.SCP and not hop:
        yield f"Attempting URL {url} found through SCP"
    elif step.step is Step.SRV and not hop:
        yield f"[the SRV record leads to {url}]"


def _attempt(survey: Survey, view: str, step: WalkStep, hop: bool) -> Iterator[str]:
    check = step.step is Step.REDIRECT and not hop
    what = f"{'Redirect check' if check else 'Autodiscover'} to {clean(step.candidate)}"
    answer = _answer(survey, view, step)
    status = answer.status if answer is not None else 0
    yield f"{what} starting"
    # What is known without a connection, as an alias to Exchange Online, has neither.
    if answer is not None or step.code not in ("", SUCCESS):
        yield f"GetLastError={_last_error(step.code)}; httpStatus={status}."
    if answer is not None and status == _UNAUTHORIZED and (schemes := authentication_methods(answer)):
        yield "AutoDiscover supported auth schemes:"
        yield from map(clean, schemes)
    if step.outcome in _GOES_ON or step.code not in ("", SUCCESS):
        yield from [] if step.outcome == "follows" else [f"{what} failed ({step.code or UNSPECIFIED})"]
    elif status == _OK:
        yield "Autodiscover XML Received"
    yield f"[{_BOXES.get(step.outcome, '')}{clean(step.why)}]"


_OK, _UNAUTHORIZED = 200, 401
_BOXES = {
    "warned": "the user is shown a certificate warning; ",
    "asks-consent": 'the user is asked: "Allow this website to configure ... server settings?"; ',
    "wrong-login": "the user's password would go to a stranger; ",
    "wrong-settings": "the user would get a stranger's settings; ",
}
"""What the user sees of a step, which the log does not say."""


def _last_error(code: str) -> int:
    """The WinINet error behind an HRESULT of the Windows facility (0x8007 and 12000 to 12999), else 0."""
    value = int(code, 16) if re.fullmatch(r"0x[0-9A-Fa-f]{8}", code) else 0
    error = value & 0xFFFF
    return error if value >> 16 == 0x8007 and 12000 <= error < 13000 else 0


def _answer(survey: Survey, view: str, step: WalkStep) -> HttpAnswer | None:
    """The HTTP answer that the step met, None without one. A step that ends a walk names its address first."""
    if _last_error(step.code):
        return None
    addresses = _addresses(survey, view, step)
    answers = {
        question.address: answer
        for question, contact in survey.contacts.items()
        if f"{question.scheme.value}://{question.name}{question.path}" == step.candidate
        and question.address in addresses
        and (answer := decisive_answer(contact.answers)) is not None
        and answer.status
    }
    named = (answer for address, answer in answers.items() if step.why.startswith(f"{address}: "))
    return next(named, next(iter(answers.values()), None))


def _addresses(survey: Survey, view: str, step: WalkStep) -> tuple[str, ...]:
    """Where a view leads a step: the other views may lead the same URL elsewhere."""
    seen = next(each for each in survey.policy.views if each.name == view)
    return resolve(survey, seen, step.host).addresses
