"""HTTP answers reduced to what they are classified by: nothing of a body or header that a server made up is left."""

import re
from collections.abc import Iterator
from dataclasses import replace

from check_autodiscover.core.error_pages import SIGNS
from check_autodiscover.core.http_answer import (
    AUTHENTICATION_METHODS,
    EXCHANGE_HEADERS,
    authentication_methods,
    json_lives,
    redirect_target,
    xml_of,
)
from check_autodiscover.core.names import BadName, parse_domain
from check_autodiscover.core.observations import EndpointQuestion, HttpAnswer
from check_autodiscover.core.redaction.kinds import Hide, Kind, name, path, url_of, words

__all__ = ["hide_answer"]

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
