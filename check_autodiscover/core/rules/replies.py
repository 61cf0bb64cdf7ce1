"""What a service replied, in words, and what to do about it; the texts of `services`."""

from typing import TYPE_CHECKING

from check_autodiscover.core.analysis.contacts import EndpointState, Reach
from check_autodiscover.core.analysis.endpoints import MAX_REDIRECTS
from check_autodiscover.core.analysis.replies import AnswerClass, decisive_answer, json_lives
from check_autodiscover.core.model.observations import JSON_PATH, Exchange, HttpAnswer, Scheme
from check_autodiscover.core.model.urls import RedirectTarget

if TYPE_CHECKING:
    from check_autodiscover.core.analysis.replies import Sign

__all__ = ["advice_on", "answer_words", "beside", "demand_words", "misbehaviour", "page_sign", "redirect_words"]

_WORDS = {
    AnswerClass.WEBSITE: "a web page",
    AnswerClass.NO_METHOD: "HTTP 401 that offers no way to log in",
    AnswerClass.BROKEN: "a broken connection",
    AnswerClass.SILENT: "silence",
    AnswerClass.EXCHANGE: "something else than a redirect",
    AnswerClass.SETTINGS: "something else than a redirect",
    AnswerClass.REDIRECT_ADDRESS: "something else than a redirect",
    AnswerClass.PASSWORD: "something else than a redirect",
}
"""The answers that are no status; a login or settings are told of where a redirect was due."""

_PROXY_FAILS = (
    "The proxy or load balancer in front of {name} cannot reach Exchange: see its log, and its health "
    "check of the server behind it."
)
_BY_STATUS = {
    502: _PROXY_FAILS,
    503: "Start MSExchangeAutodiscoverAppPool on {name}; if a load balancer answers, see why it has no server left.",
    504: _PROXY_FAILS,
}
_BY_ANSWER = {
    AnswerClass.FORBIDDEN: "Publish /autodiscover/* on the proxy or firewall in front of {name}, and check the "
    "virtual directory's access rules.",
    AnswerClass.NOT_FOUND: "Re-create the Autodiscover virtual directory on {name}, or publish its path.",
    AnswerClass.BUSY: "See why {name} has too much to do, or who asks it too often; it wants to be asked again later.",
    AnswerClass.FAILING: "Start MSExchangeAutodiscoverAppPool on {name}, and see its event log.",
    AnswerClass.NO_METHOD: "Enable Windows or Basic authentication on the Autodiscover virtual directory of {name}.",
    AnswerClass.BROKEN: "See why the connection to {name} is cut after the request: a firewall that filters by "
    "content or country, or the server's own log.",
}
_NO_HTTP = "something that is no HTTP/1.1"
_LISTENS = "See what listens there under the name {name}: what it says is not HTTP as clients understand it."
_OTHERWISE = "See the web server's log on {name} for /autodiscover/autodiscover.xml."


def answer_words(meeting: EndpointState) -> str:
    """What was answered, as it stands behind `answers with`."""
    if meeting.answer is AnswerClass.REDIRECT_ELSEWHERE:
        return f"a redirect to {_target(meeting.redirect)}, not to Autodiscover"
    answer = decisive_answer(meeting.contact.answers) if meeting.contact else None
    if answer is not None and answer.outcome is Exchange.MALFORMED:
        return _NO_HTTP
    if answer is not None and meeting.answer is AnswerClass.WEBSITE and answer.body.lstrip().startswith("<?xml"):
        return "XML that is no Autodiscover answer"
    if meeting.answer in _WORDS:
        return _WORDS[meeting.answer]
    return f"HTTP {_status(meeting)}{', come back later' if meeting.answer is AnswerClass.BUSY else _reason(meeting)}"


def redirect_words(meeting: EndpointState) -> str:
    """Why a redirect to Autodiscover is not followed any more."""
    if meeting.candidate.hop >= MAX_REDIRECTS:
        return f"a redirect again, after {MAX_REDIRECTS} of them"
    return f"a redirect back to {_target(meeting.redirect)}"


def demand_words(meeting: EndpointState) -> str:
    """How a demand for a client certificate, or the refusal of one, shows; in few words, as the first line is short."""
    if meeting.reach is Reach.NO_TLS:
        return "the TLS handshake is refused without one"
    match meeting.answer, page_sign(meeting):
        case AnswerClass.UNSEEN, _:
            return "it asks for one"
        case AnswerClass.BROKEN, _:
            return "the connection breaks off without one"
        case _, None:
            return f"HTTP {_status(meeting)} without one"
        case _, sign:
            status = str(_status(meeting))
            return f"HTTP {sign.code}" if sign.code.startswith(status) else f"HTTP {status}, {sign.code}"


def misbehaviour(meeting: EndpointState) -> str:
    """What a place does that should log in, as a verb."""
    if meeting.answer is AnswerClass.BROKEN:
        return "breaks off the connection"
    return f"answers {answer_words(meeting)}"


def advice_on(meeting: EndpointState) -> str:
    """What to do about an answer: what its page says of the reason stands before what its status suggests."""
    sign = page_sign(meeting)
    if answer_words(meeting) == _NO_HTTP:
        return _LISTENS.format(name=meeting.candidate.name)
    by_status = "" if meeting.answer is AnswerClass.BUSY else _BY_STATUS.get(_status(meeting))
    by_kind = by_status or _BY_ANSWER.get(meeting.answer, _OTHERWISE)
    return ((sign and sign.advice) or by_kind).format(name=meeting.candidate.name)


def beside(meeting: EndpointState) -> str:
    """What works beside a path that does not: the V2 service, which needs no login."""
    lives = meeting.contact is not None and json_lives(meeting.contact.answers)
    return JSON_PATH.rpartition("/")[2] if lives else ""


def page_sign(meeting: EndpointState) -> "Sign | None":
    """What the pages of a place say of their reason."""
    # A healthy service shows no error page.
    from check_autodiscover.core.analysis.replies import sign_of

    return sign_of(meeting.contact.answers) if meeting.contact else None


def _reason(meeting: EndpointState) -> str:
    sign = page_sign(meeting)
    return f" ({sign.code}: {sign.words})" if sign else ""


def _status(meeting: EndpointState) -> int:
    """The status that counts, 0 where there is none."""
    answer: HttpAnswer | None = decisive_answer(meeting.contact.answers) if meeting.contact else None
    return answer.status if answer else 0


def _target(target: RedirectTarget | None) -> str:
    if target is None:
        return "no usable URL"
    plain = "plain http, " if target.scheme is Scheme.HTTP else ""
    return f"{plain}{target.scheme.value}://{target.host}{target.path.partition('?')[0]}"
