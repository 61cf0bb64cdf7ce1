"""One client's walk over the candidates of a view.

A client with several addresses to choose from is taken at its worst: somebody will meet that one. What each client
does at each answer follows the Exchange developer documentation, "Handling Autodiscover error messages", KB 2772058
(the certificate warning) and KB 2480582 (the consent box).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from check_autodiscover.core.candidates import Candidate
from check_autodiscover.core.client_certificate import Demand
from check_autodiscover.core.clients import (
    OUTCOMES,
    STEP_NAMES,
    UNOBSERVED,
    ClientProfile,
    Outcome,
    SrvChoice,
    Walk,
    WalkStep,
)
from check_autodiscover.core.http_answer import AnswerClass
from check_autodiscover.core.meeting import Meeting, NameFault, Reach
from check_autodiscover.core.policy import Step
from check_autodiscover.core.records import Presence
from check_autodiscover.core.survey import Scheme
from check_autodiscover.core.verification import Verdict

__all__ = ["Walker", "certificate_trouble", "walk"]


@dataclass(frozen=True, slots=True)
class Course:
    """How a walk goes on from a candidate: where and how it ends, by which steps, and whether something was unseen."""

    outcome: Outcome
    at: Step | None
    steps: tuple[WalkStep, ...] = ()
    doubt: bool = False


_ANSWERS = {
    AnswerClass.EXCHANGE: ("0x00000000", "asks for a login, as Exchange does"),
    AnswerClass.SETTINGS: ("0x00000000", "gives Autodiscover settings without a login"),
    AnswerClass.PASSWORD: ("0x00000000", "asks for a password"),
    AnswerClass.NO_METHOD: ("0x80072EE6", "HTTP 401 that offers no way to log in"),
    AnswerClass.REDIRECT: ("0x80004005", "a redirect that leads nowhere new"),
    AnswerClass.REDIRECT_ELSEWHERE: ("0x80004005", "a redirect that is not to Autodiscover"),
    AnswerClass.WEBSITE: ("0x80004005", "a web page, not Autodiscover"),
    AnswerClass.FORBIDDEN: ("0x80070005", "HTTP 403"),
    AnswerClass.NOT_FOUND: ("0x80070057", "no Autodiscover at this path (HTTP 4xx)"),
    AnswerClass.FAILING: ("0x80070057", "HTTP 5xx"),
    AnswerClass.BUSY: ("0x80070057", "busy, asks to come back later"),
    AnswerClass.BROKEN: ("0x80072EFE", "the connection breaks off after the request"),
    AnswerClass.SILENT: ("0x80072EE2", "no answer to the request"),
    AnswerClass.UNSEEN: ("", "the answer was not seen"),
}

_CERTIFICATE_CODES = {
    Verdict.EXPIRED: ("0x80072F05", "the certificate has expired"),
    Verdict.NOT_YET_VALID: ("0x80072F05", "the certificate is not yet valid"),
    Verdict.SELF_SIGNED: ("0x80072F0D", "the certificate is self-signed"),
    Verdict.CHAIN_INCOMPLETE: ("0x80072F0D", "an intermediate certificate is missing"),
    Verdict.UNTRUSTED: ("0x80072F0D", "the certificate's issuer is not trusted"),
    Verdict.REVOKED: ("0x80072F8A", "the certificate is revoked"),
}

HTTPS_PORT = 443
"""The port that clients use (MS-OXDISCO; EWS Managed API); a lab connects elsewhere, and is judged by it."""

_SRV_CHOICES: dict[SrvChoice, Callable[[list[int]], int]] = {SrvChoice.LOWEST: min, SrvChoice.HIGHEST: max}
"""Which priority number is taken, where not any is."""

Meet = Callable[[Candidate], tuple[Meeting, ...]]
Stranger = Callable[[Meeting], bool]


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

    def from_step(self, index: int) -> Course:
        """The course from a step of the profile on, at its worst."""
        if index == len(self.profile.steps):
            return Course(Outcome.NOTHING, None)
        step = self.profile.steps[index]
        if step in self.skipped:
            passed = WalkStep(step, self.skipped[step], "skipped", "", "by policy")
            return _prefixed((passed,), self.from_step(index + 1))
        if step in UNOBSERVED:
            seen = WalkStep(step, STEP_NAMES[step], "unseen", "", self.profile.unseen or UNOBSERVED[step])
            return _prefixed((seen,), self.from_step(index + 1))
        firsts = self._taken([item for item in self.candidates if item.step is step and item.hop == 0])
        if not firsts:
            return self._no_candidate(step, self.from_step(index + 1))
        return _worst(self._at(candidate, lambda: self.from_step(index + 1)) for candidate in firsts)

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
        return _prefixed((WalkStep(step, STEP_NAMES[step], "next", "0x8004010F", "no SRV record"),), rest)

    def _at(self, candidate: Candidate, rest: Callable[[], Course]) -> Course:
        """The course from one candidate on; `rest` is what follows if it leads nowhere."""
        if candidate.cloud:
            return self._ends(candidate, None, *_cloud_outcome(self, candidate))
        if self._wrong_port(candidate):
            return self._next(candidate, rest(), "", f"port {candidate.srv.port if candidate.srv else 0} is not 443")
        if not candidate.addresses:
            return self._without_address(candidate, rest)
        if self.profile.needs_ipv4 and all(":" in address for address in candidate.addresses):
            if not self.ipv4:
                return self._unseen(candidate, rest(), "whether the name has an A record was not asked")
            return self._next(candidate, rest(), "", "the name has no A record")
        everything = self.meet(candidate)
        # A family that this host lacks says nothing of the addresses of the other.
        met = [meeting for meeting in everything if not meeting.no_family] or everything
        alive = [meeting for meeting in met if meeting.reach in (Reach.OPEN, Reach.NO_TLS, Reach.UNSEEN)]
        if not alive:
            code = "0x80072EE2" if any(meeting.reach is Reach.SILENT for meeting in met) else "0x80072EFD"
            return self._next(candidate, rest(), code, "no answer" if code.endswith("EE2") else "no connection")
        return _worst(self._react(meeting, rest) for meeting in alive)

    def _without_address(self, candidate: Candidate, rest: Callable[[], Course]) -> Course:
        if candidate.resolution.presence in (Presence.FAILED, Presence.PENDING):
            return self._unseen(candidate, rest(), "the name could not be looked up")
        return self._next(candidate, rest(), "0x80072EE7", "the name has no address")

    def _react(self, meeting: Meeting, rest: Callable[[], Course]) -> Course:
        candidate = meeting.candidate
        if meeting.reach is Reach.UNSEEN:
            return self._unseen(candidate, rest(), f"{meeting.address} was not seen")
        if meeting.demand is Demand.PROVEN:
            return self._next(candidate, rest(), "0x80072F0C", f"{meeting.address}: a client certificate is demanded")
        if meeting.reach is Reach.NO_TLS:
            return self._next(candidate, rest(), "0x80072F7D", f"{meeting.address}: no TLS session")
        if not meeting.acceptable:
            code, why = certificate_trouble(meeting)
            if self.profile.warns:
                return self._ends(candidate, meeting, Outcome.WARNED, code, why)
            return self._next(candidate, rest(), code, why)
        return self._answered(meeting, rest)

    def _answered(self, meeting: Meeting, rest: Callable[[], Course]) -> Course:
        candidate = meeting.candidate
        code, why = _ANSWERS[meeting.answer]
        match meeting.answer:
            case AnswerClass.UNSEEN:
                return self._unseen(candidate, rest(), why)
            case AnswerClass.REDIRECT if meeting.redirect is not None and meeting.redirect.scheme is Scheme.HTTPS:
                return self._follow(meeting, rest)
            case AnswerClass.SETTINGS | AnswerClass.EXCHANGE | AnswerClass.PASSWORD if candidate.scheme is Scheme.HTTPS:
                return self._ends(candidate, meeting, self._success(meeting), code, why)
            case _:
                return self._next(candidate, rest(), code, why)

    def _follow(self, meeting: Meeting, rest: Callable[[], Course]) -> Course:
        candidate, target = meeting.candidate, meeting.redirect
        step = WalkStep(_step(candidate), candidate.url, "follows", "", f"redirect to {target.host if target else ''}")
        for hop in self.candidates:
            same = target is not None and (hop.name, hop.scheme, hop.path) == (target.host, target.scheme, target.path)
            if same and hop.step is candidate.step and hop.hop == candidate.hop + 1:
                return _prefixed((step,), self._at(hop, rest))
        return self._next(candidate, rest(), "0x80004005", "the redirect leads nowhere new")

    def _success(self, meeting: Meeting) -> Outcome:
        if self.stranger(meeting):
            settings = meeting.answer is AnswerClass.SETTINGS
            return Outcome.WRONG_SETTINGS if settings else Outcome.WRONG_LOGIN
        asks = meeting.candidate.step in self.profile.consents
        return Outcome.ASKS_CONSENT if asks else Outcome.CONFIGURED

    def _ends(self, candidate: Candidate, meeting: Meeting | None, outcome: Outcome, code: str, why: str) -> Course:
        where = f"{meeting.address}: {why}" if meeting else why
        step = WalkStep(_step(candidate), candidate.url, outcome.value, code, where)
        return Course(outcome, candidate.step, (step,))

    def _next(self, candidate: Candidate, rest: Course, code: str, why: str) -> Course:
        return _prefixed((WalkStep(_step(candidate), candidate.url, "next", code, why),), rest)

    def _unseen(self, candidate: Candidate, rest: Course, why: str) -> Course:
        steps = (WalkStep(_step(candidate), candidate.url, "unseen", "", why), *rest.steps)
        return Course(rest.outcome, rest.at, steps, doubt=True)


def certificate_trouble(meeting: Meeting) -> tuple[str, str]:
    """The HRESULT and the words for what a client holds against a meeting's certificate."""
    match meeting.name_fault:
        case NameFault.MISMATCH:
            return "0x80072F06", f"the certificate lacks {meeting.candidate.name}"
        case NameFault.COMMON_NAME_ONLY:
            return "0x80072F06", f"{meeting.candidate.name} stands in the common name alone"
    if meeting.faults:
        return _CERTIFICATE_CODES.get(meeting.faults[0].verdict, ("0x80072F17", "the certificate has errors"))
    return "0x80072F89", "the certificate cannot be read"


def walk(walker: Walker, view: str, judged: bool) -> Walk:
    """One client's whole course. What was not seen makes a good end, or none, UNKNOWN; a bad one stays."""
    course = walker.from_step(0)
    doubt = course.doubt or walker.profile.unseen
    unknown = doubt and (course.outcome.good or course.outcome is Outcome.NOTHING)
    outcome = Outcome.UNKNOWN if unknown else course.outcome
    return Walk(view, walker.profile.name, judged, outcome, course.at, course.steps)


def _cloud_outcome(walker: Walker, candidate: Candidate) -> tuple[Outcome, str, str]:
    """Exchange Online answers behind a cloud name; it is never contacted. For other methods it is a stranger."""
    elsewhere = walker.stranger(Meeting(candidate, "", None, Reach.UNSEEN))
    outcome = Outcome.WRONG_LOGIN if elsewhere else Outcome.CONFIGURED
    return outcome, "0x00000000", f"alias to Exchange Online ({candidate.cloud}), not contacted"


def _worst(courses: Iterable[Course]) -> Course:
    """The worst of several courses that a client may take, the first of equals."""
    everything = list(courses)
    course = min(everything, key=lambda item: OUTCOMES.index(item.outcome))
    doubt = any(item.doubt for item in everything)
    return Course(course.outcome, course.at, course.steps, doubt)


def _prefixed(steps: tuple[WalkStep, ...], course: Course) -> Course:
    return Course(course.outcome, course.at, (*steps, *course.steps), course.doubt)


def _step(candidate: Candidate) -> Step:
    """The step a walked candidate belongs to; only `--server` hosts have none, and nobody walks those."""
    if candidate.step is None:
        raise ValueError(f"{candidate.url} is no step of a walk")
    return candidate.step
