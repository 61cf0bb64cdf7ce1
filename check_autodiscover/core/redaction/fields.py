"""A survey that tells nobody's names and addresses, and is judged as the one that it was made of.

What becomes of each field that holds text is one table; a field that has no row is not written at all. Numbers, times
and what is one of a closed set stay: they are what a verdict is made of. HTTP answers are reduced to what they are
classified by. `autodiscoverctl diagnose --redact` calls `redact`, which compares the two reports.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from check_autodiscover.core.analysis.replies import (
    AUTHENTICATION_METHODS,
    EXCHANGE_HEADERS,
    SIGNS,
    authentication_methods,
    json_lives,
    redirect_target,
    xml_of,
)
from check_autodiscover.core.model.baseline import (
    AcceptedCertificate,
    AcceptedRecord,
    AcceptedView,
    Baseline,
    BaselineFormatError,
    CatchAllState,
    Presented,
    Walked,
    read_baseline,
    write_baseline,
)
from check_autodiscover.core.model.certificate import Certificate, Staple, UnreadableCertificate
from check_autodiscover.core.model.clients import Walk
from check_autodiscover.core.model.metrics import Measure
from check_autodiscover.core.model.names import BadName, parse_domain
from check_autodiscover.core.model.observations import (
    ConnectionPoint,
    Contact,
    DirectoryAnswer,
    DirectoryQuestion,
    DnsAnswer,
    DnsQuestion,
    EndpointQuestion,
    HttpAnswer,
    Srv,
    Tls,
)
from check_autodiscover.core.model.policy import Directory, Expectations, Expected, Policy, Resolver, View
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import SeverityOverride
from check_autodiscover.core.model.survey import BaselineFile, Survey
from check_autodiscover.core.redaction.pseudonyms import (
    Hide,
    Kind,
    Pieces,
    Pseudonyms,
    Rule,
    SuffixOf,
    address,
    address_or_network,
    common_name,
    hidden,
    host_and_port,
    is_address,
    kept,
    keyword,
    ldap_url,
    name,
    path,
    record_value,
    resolver_label,
    url,
    url_of,
    words,
)

__all__ = ["RULES", "SuffixOf", "Unruled", "difference", "hide_answer", "hide_fields", "redact"]

_text = hidden(Kind.TEXT)


def _anchor(hide: Hide, text: str) -> str:
    """What was trusted: the system's store is where it is on every host of its kind, and that it was used is told."""
    return text if text.startswith("system (") else _text(hide, text)


def _accepted(hide: Hide, text: str) -> str:
    """The text of a baseline; one that cannot be read cannot be read still."""
    if not text:
        return text
    try:
        return write_baseline(hide_fields(hide, read_baseline(text)))
    except BaselineFormatError:
        return "hidden"


RULES: Mapping[type, Mapping[str, Rule]] = {
    Survey: {"domain": name, "labels": name, "anchors": _anchor, "parents": name},
    DnsQuestion: {"view": kept, "resolver": resolver_label, "name": name},
    DnsAnswer: {"addresses": address, "aliases": name, "zone": name, "names": name},
    Srv: {"target": name},
    EndpointQuestion: {"name": name, "address": address, "path": path},
    Tls: {"version": kept, "detail": words},
    # The rest of an answer depends on the question as well: `answers`.
    HttpAnswer: {"method": kept, "path": path},
    Staple: {"reason": kept, "fault": words},
    Certificate: {
        "fingerprint": hidden(Kind.FINGERPRINT),
        "public_key": hidden(Kind.PUBLIC_KEY),
        "subject": hidden(Kind.DISTINGUISHED_NAME),
        "common_name": common_name,
        "issuer": hidden(Kind.DISTINGUISHED_NAME),
        "issuer_common_name": common_name,
        "issuer_organization": common_name,
        "dns_names": name,
        "ip_addresses": address,
        "key_type": kept,
        "signature_hash": kept,
        "serial": hidden(Kind.SERIAL),
        "issuer_urls": hidden(Kind.URL),
        "issuer_key": hidden(Kind.ISSUER_KEY),
    },
    UnreadableCertificate: {"fingerprint": hidden(Kind.FINGERPRINT), "reason": words},
    DirectoryQuestion: {"ldap_url": ldap_url},
    DirectoryAnswer: {"detail": words},
    ConnectionPoint: {"name": hidden(Kind.DISTINGUISHED_NAME), "keywords": keyword, "bindings": url},
    Policy: {
        "methods": kept,
        "servers": name,
        "user_agent": _text,
        "source_address": address,
        "denied_networks": address_or_network,
    },
    Directory: {"url": ldap_url, "site": _text, "user": _text, "password_file": _text},
    View: {"name": kept},
    Resolver: {"host": address, "name": name, "path": path, "search": name},
    # A value is of the kind of the expectation that it stands in.
    Expected: {"view": kept},
    Expectations: {
        "addresses": address_or_network,
        "srv": host_and_port,
        "aliases": name,
        "wildcards": name,
        "certificates": hidden(Kind.FINGERPRINT),
        "public_keys": hidden(Kind.PUBLIC_KEY),
        "issuers": common_name,
        "redirects": name,
        "scp": url,
        "name_servers": name,
    },
    BaselineFile: {"path": _text, "text": _accepted, "fault": words},
    Baseline: {"domain": name},
    AcceptedView: {"name": kept, "name_servers": name},
    AcceptedRecord: {"name": name, "values": record_value},
    CatchAllState: {"parent": name},
    AcceptedCertificate: {
        "public_key": hidden(Kind.PUBLIC_KEY),
        "issuer": common_name,
        "kind": kept,
        "key_type": kept,
        "names": common_name,
    },
    Presented: {"name": name},
    Walked: {"client": kept, "outcome": kept, "step": kept},
    SeverityOverride: {"rule": kept, "view": kept, "endpoint": kept, "reason": _text, "until": kept},
}
"""The rule of each text, or of the texts in it, by its class and field."""


class Unruled(TypeError):
    """A field of text without a row: nobody has said whether it tells a name. A defect of ours."""


T = TypeVar("T")


def hide_fields(hide: Hide, value: T, rule: Rule | None = None) -> T:
    """A value with every text in it hidden by its field's rule; `rule` is that of what it stands in. Raises Unruled."""
    return _hide(hide, value, rule)  # type: ignore[no-any-return]  # of the type that went in


def _hide(hide: Hide, value: Any, rule: Rule | None) -> Any:
    match value:
        case str():
            if rule is None:
                raise Unruled(f"no rule for {value!r}")
            return rule(hide, value)
        case tuple():
            return tuple(_hide(hide, item, rule) for item in value)
        case frozenset():
            return frozenset(_hide(hide, item, rule) for item in value)
        case Mapping():
            return {_hide(hide, key, rule): _hide(hide, item, rule) for key, item in value.items()}
        case Enum() | None | int() | float():
            return value
    if not is_dataclass(value) or (type(value) not in RULES and _has_text(value)):
        raise Unruled(f"no rules for {type(value).__name__}")
    rules = RULES.get(type(value), {})
    changes = {
        field.name: _hide(hide, getattr(value, field.name), rules.get(field.name, rule))
        for field in fields(value)
        if field.init
    }
    return replace(value, **changes)  # type: ignore[type-var]  # a dataclass, as the caller has seen


def _has_text(value: Any) -> bool:
    return any(isinstance(getattr(value, field.name), str) for field in fields(value))


_NOWHERE = "https://[hidden]/"
"""A URL that leads nowhere, as no host is written so."""

_XML = (
    '<?xml version="1.0"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">'
    "<Response><Account>{account}</Account><Error><ErrorCode>{code}</ErrorCode></Error></Response></Autodiscover>"
)
"""What is left of Autodiscover XML."""

_ACTIONS = frozenset({"settings", "redirecturl", "redirectaddr"})

_JSON = '{"Protocol": "hidden"}'
"""What is left of an answer of the V2 service."""


def hide_answer(hide: Hide, answer: HttpAnswer, question: EndpointQuestion) -> HttpAnswer:
    """An answer to a question that is classified as this one is."""
    return replace(
        answer,
        headers=tuple(_headers(hide, answer, question)),
        body=_body(hide, answer, question),
        detail=words(hide, answer.detail),
        path=path(hide, answer.path),
    )


def _headers(hide: Hide, answer: HttpAnswer, question: EndpointQuestion) -> Iterator[tuple[str, str]]:
    if answer.header("location"):
        yield "location", _target(hide, answer, question)
    for method in authentication_methods(answer):
        known = method in AUTHENTICATION_METHODS
        yield "www-authenticate", method if known else hide(Kind.SCHEME, method)
    if answer.header("retry-after"):
        yield "retry-after", "60"
    if "close" in [value.strip().lower() for value in answer.header("connection")]:
        yield "connection", "close"
    for header in dict.fromkeys(key for key, _ in answer.headers if key in EXCHANGE_HEADERS):
        yield header, "hidden"


def _target(hide: Hide, answer: HttpAnswer, question: EndpointQuestion) -> str:
    target = redirect_target(answer, question)
    return url_of(hide, target) if target else _NOWHERE


def _body(hide: Hide, answer: HttpAnswer, question: EndpointQuestion) -> str:
    if json_lives((answer,)):
        return _JSON
    said = xml_of(answer)
    if said is None:
        return " ".join(_signs(answer))
    account = {
        "Action": said.action if said.action in _ACTIONS else "",
        "RedirectUrl": _target(hide, answer, question) if said.redirect_url else "",
        "RedirectAddr": _mail_address(hide, said.redirect_domain) if said.redirect_address else "",
    }
    inside = "".join(f"<{key}>{value}</{key}>" for key, value in account.items() if value)
    return _XML.format(account=inside, code=said.error_code if said.error_code.isdigit() else "")


def _mail_address(hide: Hide, domain: str) -> str:
    try:
        return f"hidden@{name(hide, parse_domain(domain))}"
    except BadName:
        return "hidden"


def _signs(answer: HttpAnswer) -> Iterator[str]:
    """The texts on an error page that tell its reason, each as it stands there: their patterns leave no room."""
    for sign in SIGNS:
        found = re.search(sign.pattern, answer.body, re.IGNORECASE) if sign.stands_in(answer) else None
        if found:
            yield found[0].lower()


def redact(survey: Survey, suffix_of: SuffixOf) -> Survey:
    """The survey with pseudonyms in place of names, addresses, keys and whatever else servers and people made up.

    `suffix_of` tells a name's public suffix, which stays. Raises Unruled for a field that no rule is for.
    """
    pieces = Pieces()
    _hidden(pieces, survey)
    contacted = {question.name for question in survey.contacts}
    return _hidden(Pseudonyms(pieces, _presented(survey), contacted, suffix_of), survey)


def _presented(survey: Survey) -> set[str]:
    """The names on all certificates."""
    chains = (contact.tls.chain for contact in survey.contacts.values() if contact.tls)
    certificates = (item for chain in chains for item in chain if isinstance(item, Certificate))
    return {name.lower() for item in certificates for name in item.dns_names if name and not is_address(name)}


def _hidden(hide: Hide, survey: Survey) -> Survey:
    contacts = {
        hide_fields(hide, question): _contact(hide, question, contact) for question, contact in survey.contacts.items()
    }
    return replace(hide_fields(hide, replace(survey, contacts={})), contacts=contacts)


def _contact(hide: Hide, question: EndpointQuestion, contact: Contact) -> Contact:
    answers = tuple(hide_answer(hide, answer, question) for answer in contact.answers)
    return replace(hide_fields(hide, replace(contact, answers=())), answers=answers)


_IDENTITIES = frozenset(
    {"address", "resolver", "server", "parent", "issuer", "fingerprint_sha256", "public_key_sha256"}
)
"""Labels of measures that tell who it is; whether they are empty counts."""

_ABOUT_NAMES = frozenset({"autodiscover_dns_answer_hash"})
"""Measures whose value is made of names and addresses; whether there is one counts."""


def difference(one: Report, other: Report) -> str:
    """What the reports differ in but for names, in words; empty where they say the same."""
    return next((what for what, said in _ASPECTS.items() if said(one) != said(other)), "")


def _findings(report: Report) -> object:
    return [
        (
            item.id,
            item.finding.rule,
            item.finding.view,
            item.finding.endpoint,
            len(item.finding.addresses),
            item.severity,
            item.role,
            item.caused_by,
            item.accepted is None,
        )
        for item in report.judgements
    ]


def _walks(report: Report) -> object:
    return [(walk.view, walk.client, walk.judged, walk.outcome, walk.at, _steps(walk)) for walk in report.walks]


def _steps(walk: Walk) -> object:
    return [(step.step, step.outcome, step.code) for step in walk.steps]


def _methods(report: Report) -> object:
    return [(choice.view, choice.declared, choice.effective) for choice in report.methods]


def _measures(report: Report) -> object:
    # They are sorted by addresses here and there.
    return Counter(map(_measure, report.measures))


def _measure(measure: Measure) -> object:
    labels = tuple((key, bool(value) if key in _IDENTITIES else value) for key, value in measure.labels)
    value = measure.value is None if measure.metric in _ABOUT_NAMES else measure.value
    limits = (measure.warning, measure.critical, measure.minimum, measure.maximum)
    return measure.metric, measure.perfdata, labels, value, measure.unit, limits


_ASPECTS: dict[str, Callable[[Report], object]] = {
    "the state": lambda report: report.state,
    "the findings": _findings,
    "the walks": _walks,
    "the method": _methods,
    "the measures": _measures,
    "the number of notes": lambda report: len(report.notes),
}
