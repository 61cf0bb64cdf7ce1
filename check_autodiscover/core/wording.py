"""Findings put into sentences: the last step, after grading and causes. Templates are the catalogue's."""

import re
from typing import TYPE_CHECKING

from check_autodiscover.core.clients import OUTCOMES, Outcome, Walk
from check_autodiscover.core.finding import Endpoint, Finding
from check_autodiscover.core.grading import case_of, harm
from check_autodiscover.core.picture import Picture, ViewPicture
from check_autodiscover.core.policy import ClientName, Method
from check_autodiscover.core.roles import CandidateRole, role_of
from check_autodiscover.core.rules.catalogue import RULES
from check_autodiscover.core.rules.phrases import date_of, joined
from check_autodiscover.core.rules.walks import taken_target

if TYPE_CHECKING:
    from check_autodiscover.core.baseline import Change

__all__ = ["effect_of", "fill", "remedy_of", "sentence_of"]

_OPTIONAL = re.compile(r"\[\[(.*?)\]\]")
_FIELD = re.compile(r"\{(\w+)\}")


def fill(template: str, values: dict[str, str], without: str = "") -> str:
    """A template with its fields filled in; a `[[part]]` goes when one of its fields is empty, or is `without`.

    Raises:
        KeyError: the template asks for a value that is not there: a defect of the catalogue or a rule.
    """

    def optional(match: re.Match[str]) -> str:
        part = match.group(1)
        return part if all(values[name] and name != without for name in _FIELD.findall(part)) else ""

    return _FIELD.sub(lambda match: values[match.group(1)], _OPTIONAL.sub(optional, template))


def _values(finding: Finding) -> dict[str, str]:
    return {"subject": finding.subject, "where": ", ".join(finding.addresses), **dict(finding.args)}


def sentence_of(picture: Picture, finding: Finding, *, history: bool = True, addresses: bool = True) -> str:
    """What is so, in one sentence without view and effect.

    Where there is little room, without what stood there before (`history`) and without addresses that only add to it.
    """
    view = _view(picture, finding)
    case = case_of(finding, view.method if view else Method.UNDETERMINED)
    template = case.sentence if case and case.sentence else RULES[finding.rule].sentence
    sentence = fill(template, _values(finding), without="" if addresses else "where")
    return sentence + (_history(picture, finding) if history else "")


def _history(picture: Picture, finding: Finding) -> str:
    """What stood there when the baseline was accepted, where that is otherwise."""
    if picture.baseline is None or RULES[finding.rule].area == "drift":
        return ""
    since = date_of(picture.baseline.accepted)
    for change in picture.changes:
        if change.view == finding.view and _is_history(change, finding):
            return f" (was {change.old} on {since})" if change.old else f" (new since {since})"
    return ""


def _is_history(change: "Change", finding: Finding) -> bool:
    """Whether a change is how what is found came about; a certificate says for itself what it lost."""
    match change.kind.value:
        case "wildcard-appeared":
            return finding.rule.startswith("dns-wildcard-") and change.subject == f"*.{_parent(finding)}"
        case "record":
            of_srv = change.detail == "SRV" and finding.rule.startswith("dns-srv-")
            return of_srv or (finding.rule in _RECORD_RULES and finding.subject == change.subject)
        case "certificate-replaced":
            here = (finding.endpoint, finding.subject) == (change.endpoint, change.subject)
            return here and finding.rule.startswith("certificate-") and not finding.arg("renewed")
    return False


_RECORD_RULES = frozenset(
    {
        "dns-address-unexpected",
        "dns-alias-unexpected",
        "dns-host-record-missing",
        "dns-srv-target-missing",
        "dns-unwanted-host-record",
        "service-unreachable",
    }
)


def _parent(finding: Finding) -> str:
    return finding.arg("parent") or finding.subject.removeprefix("*.")


def remedy_of(finding: Finding) -> str:
    """What to do about it."""
    rule = RULES[finding.rule]
    others = (case.remedy for case in rule.cases if case.remedy and finding.arg(case.arg))
    return fill(next(others, rule.remedy), _values(finding))


def _view(picture: Picture, finding: Finding) -> ViewPicture | None:
    return next((item for item in picture.views if item.name == finding.view), None)


_OUTLOOK = (ClientName.OUTLOOK_2016, ClientName.OUTLOOK_2013, ClientName.OUTLOOK_2010, ClientName.OUTLOOK_2007)
_EFFECTS = {
    Outcome.WRONG_LOGIN: "{who} {verb:gives} a stranger the password",
    Outcome.WRONG_SETTINGS: "{who} {verb:takes} a stranger's settings",
    Outcome.WARNED: "{who} {verb:warns}",
    Outcome.NOTHING: "{who} {verb:finds} nothing",
    Outcome.CONFIGURED: "{who} {verb:is} configured there",
    Outcome.ASKS_CONSENT: "{who} {verb:is} configured there",
}
_VERBS = {"gives": "give", "takes": "take", "warns": "warn", "finds": "find", "is": "are"}
_VERB = re.compile(r"\{verb:(\w+)\}")

_WITHOUT_EFFECT = frozenset({"certificate-expiring", "certificate-unexpected", "certificate-unreadable"})
"""Rules whose sentence says all, whoever else is hit at that place; and what clients make of it is not known."""


def effect_of(picture: Picture, finding: Finding) -> str:
    """What users meet because of a finding, as `: Outlook warns`; empty where nobody is hit."""
    view = _view(picture, finding)
    if view is None or not RULES[finding.rule].level or finding.rule in _WITHOUT_EFFECT:
        return ""
    walks = harm(view, finding)
    if not walks:
        return ""
    outcome = min((walk.outcome for walk in walks), key=OUTCOMES.index)
    who, plural = _who(view, finding, tuple(walk for walk in walks if walk.outcome is outcome))
    text = _VERB.sub(lambda match: _VERBS[match.group(1)] if plural else match.group(1), _EFFECTS[outcome])
    before = outcome is Outcome.WARNED and finding.endpoint is Endpoint.ROOT
    early = before and role_of(view.method, finding.endpoint) is CandidateRole.BEFORE
    return f": {text.replace('{who}', who)}{' before it gets further' if early else ''}"


def _who(view: ViewPicture, finding: Finding, walks: tuple[Walk, ...]) -> tuple[str, bool]:
    """Who is hit, and whether they are several.

    Those that take one of several SRV targets; Outlook, by its versions where not all that are judged are hit; or
    the other clients by what they use.
    """
    target = taken_target(view, finding.subject) if finding.endpoint is Endpoint.SRV else ""
    if target:
        return f"clients that take {target}", True
    hit = {walk.client for walk in walks}
    outlooks = [walk.client for walk in view.walks if walk.judged and walk.client in _OUTLOOK]
    if hit.intersection(outlooks):
        versions = [client.value.removeprefix("outlook-") for client in outlooks if client in hit]
        return "Outlook" if len(versions) == len(outlooks) > 1 else f"Outlook {joined(versions)}", False
    return ("EWS clients", True) if ClientName.EWS in hit else (ClientName.EXCHANGELIB.value, False)
