"""A Report as the JSON of the contract: `-o json`, and what the exporter's API answers.

Sentences are cleaned as they are in the text; names, arguments and the survey are data and stay as they were observed.
JSON's own escapes keep the document plain ASCII.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from check_autodiscover.core.model.clients import Walk
from check_autodiscover.core.model.metrics import Measure
from check_autodiscover.core.model.report import Judgement, MethodChoice, Report
from check_autodiscover.core.model.states import State
from check_autodiscover.core.model.survey import survey_to_json
from check_autodiscover.output.terminal import sanitize

__all__ = ["SCHEMA", "render_failure_json", "render_json", "report_to_json"]

SCHEMA = 1
"""Version of the report's JSON form."""

_MIXED = "mixed"
"""What stands for the method of views that differ."""


def render_json(report: Report) -> str:
    """The report as one JSON document of ASCII characters, without a final line break."""
    return json.dumps(report_to_json(report), indent=1, allow_nan=False)


def render_failure_json(domain: str, fault: str) -> str:
    """What `render.render_failure` says, in a document with the keys of a report; nothing was seen, so all is empty."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "domain": domain,
        "state": State.UNKNOWN.value,
        "exit_code": State.UNKNOWN.exit_code,
        "summary": sanitize(fault),
        "started": None,
        "duration_seconds": None,
        "method": _method(()),
        **{key: [] for key in ("findings", "walks", "measures", "notes")},
        "survey": None,
    }
    return json.dumps(document, indent=1)


def report_to_json(report: Report) -> dict[str, Any]:
    """The report as dicts, lists, text and numbers."""
    survey = report.survey
    return {
        "schema": SCHEMA,
        "domain": report.domain,
        "state": report.state.value,
        "exit_code": report.state.exit_code,
        "summary": sanitize(report.summary),
        "started": datetime.fromtimestamp(survey.started, UTC).isoformat(timespec="milliseconds"),
        "duration_seconds": round(max(0.0, survey.ended - survey.started), 3),
        "method": _method(report.methods),
        "findings": [_finding(judgement) for judgement in report.judgements],
        "walks": [_walk(walk) for walk in report.walks],
        "measures": [_measure(measure) for measure in report.measures],
        "notes": [sanitize(note) for note in report.notes],
        "survey": survey_to_json(survey),
    }


def _method(choices: Sequence[MethodChoice]) -> dict[str, Any]:
    """The method in a word where all views agree, and of each view."""
    views = [
        {
            "view": choice.view,
            "declared": choice.declared.value,
            "effective": choice.effective.value,
            "why": sanitize(choice.why),
        }
        for choice in choices
    ]
    common = {key: {view[key] for view in views} for key in ("declared", "effective", "why")}
    return {key: _common(found) for key, found in common.items()} | {"views": views}


def _common(words: set[str]) -> str | None:
    return next(iter(words), None) if len(words) < 2 else _MIXED


def _finding(judgement: Judgement) -> dict[str, Any]:
    finding = judgement.finding
    return {
        "id": judgement.id,
        "rule": finding.rule,
        "severity": judgement.severity.value,
        "role": judgement.role.value,
        "caused_by": judgement.caused_by,
        "accepted": judgement.accepted,
        "expired": judgement.expired,
        "view": finding.view,
        "endpoint": finding.endpoint.value,
        "subject": finding.subject,
        "addresses": list(finding.addresses),
        "args": dict(finding.args),
        "message": sanitize(judgement.message),
        "remedy": sanitize(judgement.remedy),
    }


def _walk(walk: Walk) -> dict[str, Any]:
    return {
        "view": walk.view,
        "client": walk.client.value,
        "judged": walk.judged,
        "outcome": walk.outcome.value,
        "at": walk.at.value if walk.at else None,
        "steps": [
            {
                "step": step.step.value,
                "candidate": step.candidate,
                "outcome": step.outcome,
                "code": step.code,
                "why": sanitize(step.why),
            }
            for step in walk.steps
        ],
    }


def _measure(measure: Measure) -> dict[str, Any]:
    return {
        "name": measure.metric or measure.perfdata,
        "labels": dict(measure.labels),
        "value": measure.value,
        "unit": measure.unit,
        "warning": measure.warning,
        "critical": measure.critical,
    }
