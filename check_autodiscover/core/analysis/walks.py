"""One client's walk over the candidates of a view, and what it meets there in the words of Outlook's log.

A client with several addresses to choose from is taken at its worst: somebody will meet that one. Codes of Windows' own
HTTP client are 0x8007 and its error in hexadecimal (WinHTTP, "Error messages"); `UNSPECIFIED` stands where none is
known.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial

from check_autodiscover.core.analysis.chains import Verdict
from check_autodiscover.core.analysis.contacts import EndpointState, NameFault, Reach
from check_autodiscover.core.analysis.endpoints import Candidate
from check_autodiscover.core.analysis.lookups import Presence
from check_autodiscover.core.analysis.replies import AnswerClass, Demand
from check_autodiscover.core.model.clients import (
    OUTCOMES,
    STEP_NAMES,
    UNOBSERVED,
    ClientProfile,
    Outcome,
    SrvChoice,
    Walk,
    WalkStep,
)
from check_autodiscover.core.model.observations import Scheme
from check_autodiscover.core.model.policy import Step

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
    "OutlookCode",
    "Walker",
    "certificate_trouble",
    "walk",
]

OutlookCode = tuple[str, str]
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

ANSWERS: dict[AnswerClass, OutlookCode] = {
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

NAMES: dict[NameFault, OutlookCode] = {
    NameFault.MISMATCH: ("0x80072F06", "the certificate lacks {name}"),
    NameFault.COMMON_NAME_ONLY: ("0x80072F06", "{name} stands in the common name alone"),
}
"""What is held against a certificate's names, `name` being the host that the client contacts."""

CERTIFICATES: dict[Verdict, OutlookCode] = {
    Verdict.EXPIRED: ("0x80072F05", "the certificate has expired"),
    Verdict.NOT_YET_VALID: ("0x80072F05", "the certificate is not yet valid"),
    Verdict.SELF_SIGNED: ("0x80072F0D", "the certificate is self-signed"),
    Verdict.CHAIN_INCOMPLETE: ("0x80072F0D", "an intermediate certificate is missing"),
    Verdict.UNTRUSTED: ("0x80072F0D", "the certificate's issuer is not trusted"),
    Verdict.REVOKED: ("0x80072F8A", "the certificate is revoked"),
    Verdict.OTHER: ("0x80072F17", "the certificate has errors"),
}


def certificate_trouble(meeting: EndpointState) -> OutlookCode:
    """What a client holds against a meeting's certificate, its names before its chain."""
    if meeting.name_fault is not None:
        code, words = NAMES[meeting.name_fault]
        return code, words.format(name=meeting.candidate.name)
    if meeting.faults:
        return CERTIFICATES.get(meeting.faults[0].verdict, CERTIFICATES[Verdict.OTHER])
    return "0x80072F89", "the certificate cannot be read"


@dataclass(frozen=True, slots=True)
class Course:
    """How a walk goes on from a candidate: where and how it ends, by which steps, and whether something was unseen."""

    outcome: Outcome
    at: Step | None
    steps: tuple[WalkStep, ...] = ()
    doubt: bool = False


HTTPS_PORT = 443
"""The port that clients use (MS-OXDISCO; EWS Managed API); a lab connects elsewhere, and is judged by it."""

_SRV_CHOICES: dict[SrvChoice, Callable[[list[int]], int]] = {SrvChoice.LOWEST: min, SrvChoice.HIGHEST: max}
"""Which priority number is taken, where not any is."""

Courses = dict[tuple[object, ...], Course]
"""Courses by the steps that are left and the habits of who takes them."""

Meet = Callable[[Candidate], tuple[EndpointState, ...]]

Stranger = Callable[[EndpointState], bool]


@dataclass(frozen=True, slots=True)
class Walker:
    """One client in one view: its habits, candidates and SRV record there, what it meets, and who is a stranger."""

    profile: ClientProfile
    candidates: tuple[Candidate, ...]
    srv: Presence
    meet: Meet
    stranger: Stranger
    ipv4: bool = True
    """Whether A records were asked for."""
    skipped: Mapping[Step, str] = field(default_factory=dict)
    """The steps that policy disables, with the URL that each would lead to, or its name."""
    unobserved: Mapping[Step, str] = field(default_factory=lambda: UNOBSERVED)
    """The steps of which nothing is known here, and why."""
    courses: Courses = field(default_factory=dict)
    """The courses that are known already, for walkers that differ in nothing but the profile to share."""

    def from_step(self, index: int) -> Course:
        """The course from a step of the profile on, at its worst."""
        # Else several addresses a step would be as many courses as there are ways through all steps.
        way = self.profile.habits(self.profile.steps[index:])
        if way not in self.courses:
            self.courses[way] = self._from_step(index)
        return self.courses[way]

    def _from_step(self, index: int) -> Course:
        if index == len(self.profile.steps):
            return Course(Outcome.NOTHING, None)
        step = self.profile.steps[index]
        if step in self.skipped:
            passed = WalkStep(step, self.skipped[step], "skipped", "", "by policy")
            return _prefixed((passed,), self.from_step(index + 1))
        if step in self.unobserved:
            seen = WalkStep(step, STEP_NAMES[step], "unseen", "", self.profile.unseen or self.unobserved[step])
            return _prefixed((seen,), self.from_step(index + 1))
        if step is Step.SCP:
            return self._by_directory(partial(self.from_step, index + 1))
        firsts = self._taken([item for item in self.candidates if item.step is step and item.hop == 0])
        if not firsts:
            return self._no_candidate(step, self.from_step(index + 1))
        return _worst([self._at(candidate, partial(self.from_step, index + 1)) for candidate in firsts])

    def _by_directory(self, rest: Callable[[], Course]) -> Course:
        """The course from the directory on; some clients ask DNS meanwhile, and show what they meet there as well."""
        urls = [item for item in self.candidates if item.step is Step.SCP and item.hop == 0]
        if not urls:
            return _prefixed((WalkStep(Step.SCP, STEP_NAMES[Step.SCP], "next", *NO_SCP),), rest())
        # Clients take the URLs of one rank in any order, and go on with the next where one leads nowhere.
        leading = [item for item in urls if item.rank == urls[0].rank]
        course = _worst([self._through((item, *(each for each in urls if each is not item)), rest) for item in leading])
        if not (self.profile.parallel_scp and course.outcome.good and rest().outcome is Outcome.WARNED):
            return course
        beside = rest()
        return Course(beside.outcome, beside.at, (*course.steps, *beside.steps), course.doubt)

    def _through(self, urls: tuple[Candidate, ...], rest: Callable[[], Course]) -> Course:
        """The course through the directory's URLs in this order."""
        if not urls:
            return rest()
        return self._at(urls[0], cache(partial(self._through, urls[1:], rest)))

    def _taken(self, firsts: list[Candidate]) -> list[Candidate]:
        """Those of a step's candidates that the client may take: of several SRV records not every client takes any."""
        usable = [item for item in firsts if not self._wrong_port(item)] or firsts
        choose = _SRV_CHOICES.get(self.profile.srv_choice)
        numbers = [item.srv.priority for item in usable if item.srv is not None]
        if choose is None or not numbers:
            return usable
        return [item for item in usable if item.srv is not None and item.srv.priority == choose(numbers)]

    def _wrong_port(self, candidate: Candidate) -> bool:
        return self.profile.minds_srv_port and candidate.srv is not None and candidate.srv.port != HTTPS_PORT

    def _no_candidate(self, step: Step, rest: Course) -> Course:
        if step is not Step.SRV:
            return rest
        if self.srv in (Presence.FAILED, Presence.PENDING):
            seen = WalkStep(step, STEP_NAMES[step], "unseen", "", "the SRV record could not be looked up")
            return Course(rest.outcome, rest.at, (seen, *rest.steps), doubt=True)
        return _prefixed((WalkStep(step, STEP_NAMES[step], "next", *NO_SRV),), rest)

    def _at(self, candidate: Candidate, rest: Callable[[], Course]) -> Course:
        """The course from one candidate on; `rest` is what follows if it leads nowhere."""
        if candidate.cloud:
            return self._ends(candidate, None, *_cloud_outcome(self, candidate))
        if self._wrong_port(candidate):
            return self._next(candidate, rest(), "", f"port {candidate.srv.port if candidate.srv else 0} is not 443")
        addresses = candidate.addresses
        if not addresses:
            return self._without_address(candidate, rest)
        if self.profile.needs_ipv4 and all(":" in address for address in addresses):
            if not self.ipv4:
                return self._unseen(candidate, rest(), "whether the name has an A record was not asked")
            return self._next(candidate, rest(), "", "the name has no A record")
        everything = self.meet(candidate)
        # Addresses that were not tried, as this host lacks the family, say nothing of the others.
        met = [meeting for meeting in everything if not meeting.untried] or everything
        alive = [meeting for meeting in met if meeting.reach in (Reach.OPEN, Reach.NO_TLS, Reach.UNSEEN)]
        if not alive:
            silent = any(meeting.reach is Reach.SILENT for meeting in met)
            return self._next(candidate, rest(), *(NO_ANSWER if silent else NO_CONNECTION))
        return _worst([self._react(meeting, rest) for meeting in alive])

    def _without_address(self, candidate: Candidate, rest: Callable[[], Course]) -> Course:
        if not candidate.resolution.leads_nowhere:
            return self._unseen(candidate, rest(), "the name could not be looked up")
        return self._next(candidate, rest(), *NO_ADDRESS)

    def _react(self, meeting: EndpointState, rest: Callable[[], Course]) -> Course:
        candidate = meeting.candidate
        if meeting.reach is Reach.UNSEEN:
            return self._unseen(candidate, rest(), f"{meeting.address} was not seen")
        if meeting.demand is Demand.PROVEN:
            return self._next_at(meeting, rest(), CLIENT_CERTIFICATE)
        if meeting.reach is Reach.NO_TLS:
            return self._next_at(meeting, rest(), NO_TLS)
        if not meeting.acceptable:
            code, why = certificate_trouble(meeting)
            if self.profile.warns:
                return self._ends(candidate, meeting, Outcome.WARNED, code, why)
            return self._next(candidate, rest(), code, why)
        return self._answered(meeting, rest)

    def _answered(self, meeting: EndpointState, rest: Callable[[], Course]) -> Course:
        candidate = meeting.candidate
        code, why = ANSWERS[meeting.answer]
        match meeting.answer:
            case AnswerClass.UNSEEN:
                return self._unseen(candidate, rest(), why)
            case AnswerClass.REDIRECT_ADDRESS if candidate.scheme is Scheme.HTTPS:
                return self._sent_on(meeting, rest, why)
            case AnswerClass.REDIRECT if meeting.redirect is not None and meeting.redirect.scheme is Scheme.HTTPS:
                return self._follow(meeting, rest)
            case AnswerClass.SETTINGS | AnswerClass.EXCHANGE | AnswerClass.PASSWORD if candidate.scheme is Scheme.HTTPS:
                return self._ends(candidate, meeting, self._success(meeting), code, why)
            case _:
                return self._next(candidate, rest(), code, why)

    def _follow(self, meeting: EndpointState, rest: Callable[[], Course]) -> Course:
        candidate, target = meeting.candidate, meeting.redirect
        step = WalkStep(_step(candidate), candidate.url, "follows", "", f"redirect to {target.host if target else ''}")
        for hop in self.candidates:
            if target is not None and hop.is_at(target) and hop.step is candidate.step and hop.hop == candidate.hop + 1:
                return _prefixed((step,), self._at(hop, rest))
        return self._next(candidate, rest(), *SPENT_REDIRECT)

    def _sent_on(self, meeting: EndpointState, rest: Callable[[], Course], why: str) -> Course:
        """The course where a client starts again for another mail domain, which is that one's check."""
        if self.stranger(meeting):
            return self._ends(meeting.candidate, meeting, Outcome.WRONG_SETTINGS, SUCCESS, why)
        return self._unseen(meeting.candidate, rest(), why)

    def _success(self, meeting: EndpointState) -> Outcome:
        if self.stranger(meeting):
            settings = meeting.answer is AnswerClass.SETTINGS
            return Outcome.WRONG_SETTINGS if settings else Outcome.WRONG_LOGIN
        asks = meeting.candidate.step in self.profile.consents
        return Outcome.ASKS_CONSENT if asks else Outcome.CONFIGURED

    def _ends(
        self, candidate: Candidate, meeting: EndpointState | None, outcome: Outcome, code: str, why: str
    ) -> Course:
        where = f"{meeting.address}: {why}" if meeting else why
        step = WalkStep(_step(candidate), candidate.url, outcome.value, code, where)
        return Course(outcome, candidate.step, (step,))

    def _next(self, candidate: Candidate, rest: Course, code: str, why: str) -> Course:
        return _prefixed((WalkStep(_step(candidate), candidate.url, "next", code, why),), rest)

    def _next_at(self, meeting: EndpointState, rest: Course, reaction: OutlookCode) -> Course:
        code, why = reaction
        return self._next(meeting.candidate, rest, code, f"{meeting.address}: {why}")

    def _unseen(self, candidate: Candidate, rest: Course, why: str) -> Course:
        steps = (WalkStep(_step(candidate), candidate.url, "unseen", "", why), *rest.steps)
        return Course(rest.outcome, rest.at, steps, doubt=True)


def walk(walker: Walker, view: str, judged: bool) -> Walk:
    """One client's whole course. What was not seen makes a good end, or none, UNKNOWN; a bad one stays."""
    course = walker.from_step(0)
    doubt = course.doubt or walker.profile.unseen
    unknown = doubt and (course.outcome.good or course.outcome is Outcome.NOTHING)
    outcome = Outcome.UNKNOWN if unknown else course.outcome
    return Walk(view, walker.profile.name, judged, outcome, course.at, course.steps)


def _cloud_outcome(walker: Walker, candidate: Candidate) -> tuple[Outcome, str, str]:
    """Exchange Online answers behind a cloud name; it is never contacted. For other methods it is a stranger."""
    elsewhere = walker.stranger(EndpointState(candidate, "", None, Reach.UNSEEN))
    outcome = Outcome.WRONG_LOGIN if elsewhere else Outcome.CONFIGURED
    return outcome, SUCCESS, f"alias to Exchange Online ({candidate.cloud}), not contacted"


def _worst(courses: Sequence[Course]) -> Course:
    """The worst of several courses that a client may take, the first of equals."""
    course = min(courses, key=lambda item: OUTCOMES.index(item.outcome))
    doubtful = not course.doubt and any(item.doubt for item in courses)
    return replace(course, doubt=True) if doubtful else course


def _prefixed(steps: tuple[WalkStep, ...], course: Course) -> Course:
    return Course(course.outcome, course.at, (*steps, *course.steps), course.doubt)


def _step(candidate: Candidate) -> Step:
    """The step a walked candidate belongs to; only `--server` hosts have none, and nobody walks those."""
    if candidate.step is None:
        raise ValueError(f"{candidate.url} is no step of a walk")
    return candidate.step
