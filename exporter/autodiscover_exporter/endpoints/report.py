"""`/api/v1/report`: what the plugin would say of a domain, in each of its forms, with its exit code.

It is made of the survey that is kept, so that text, JSON, log and metrics tell of one and the same look. How old that
is stands in `Age` (RFC 9111 section 5.1) and `Last-Modified`.
"""

import asyncio
import time
from collections.abc import Callable
from email.utils import formatdate

from autodiscover_exporter.endpoints.request import (
    Asking,
    BadRequest,
    Forbidden,
    Format,
    ReportRequest,
    parse_report_request,
    refused,
)
from autodiscover_exporter.results.result import RULES, Result
from autodiscover_exporter.results.results import Outcome
from autodiscover_exporter.web.messages import JSON, TEXT, Request, Response
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import State
from check_autodiscover.core.verdict.judge import as_of
from check_autodiscover.output.report_json import render_failure_json, render_json
from check_autodiscover.output.text import render_failure, render_log, render_text

__all__ = ["EXIT_CODE", "ReportEndpoint"]

EXIT_CODE = "x-autodiscover-exit-code"
"""The header that carries the plugin's exit code."""


class ReportEndpoint:
    """Answers `/api/v1/report`. `now` is the wall clock, in Unix seconds."""

    def __init__(self, asking: Asking, now: Callable[[], float] = time.time) -> None:
        self._asking = asking
        self._now = now

    async def __call__(self, request: Request) -> Response:
        """The report, or what is wrong with the request."""
        try:
            asked = parse_report_request(request.query)
            outcome = await self._asking.obtain(asked.target, request.headers)
        except (BadRequest, Forbidden) as error:
            return refused(error)
        # It is judged again, and there may be much to judge.
        state, body, ended = await asyncio.to_thread(self._told, asked, outcome)
        headers = {
            EXIT_CODE: str(state.exit_code),
            "age": str(max(0, int(self._now() - ended))),
            "last-modified": formatdate(ended, usegmt=True),
        }
        return Response(f"{body}\n".encode(), content_type=_content_type(asked), headers=headers)

    def _told(self, asked: ReportRequest, outcome: Outcome) -> tuple[State, str, float]:
        """State, text, and the Unix time of the look that they are about."""
        if isinstance(outcome, Result):
            report = outcome.report()
            return report.state, _rendered(asked, report), outcome.ended
        if missed := self._asking.missed(outcome):
            last, interval = missed
            report = as_of(last.report(), self._now(), interval)
            return report.state, _rendered(asked, report), last.ended
        failure = render_failure_json if asked.format is Format.JSON else render_failure
        rule = f" [{RULES[outcome.reason]}]" if outcome.reason in RULES else ""
        return outcome.state, failure(outcome.domain, f"{outcome.message}{rule}"), outcome.ended


def _content_type(asked: ReportRequest) -> str:
    return JSON if asked.format is Format.JSON else TEXT


def _rendered(asked: ReportRequest, report: Report) -> str:
    match asked.format:
        case Format.JSON:
            return render_json(report)
        case Format.TEXT:
            return render_text(report, asked.verbosity, asked.perfdata)
        case Format.LOG:
            return render_log(report)
