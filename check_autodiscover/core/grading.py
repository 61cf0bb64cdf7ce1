"""How grave a finding is: the catalogue's default, resolved by who is hit, unless policy says otherwise."""

from dataclasses import dataclass

from check_autodiscover.core.clients import Walk
from check_autodiscover.core.finding import Endpoint, Finding
from check_autodiscover.core.picture import Picture, ViewPicture
from check_autodiscover.core.policy import Method, Policy, Step
from check_autodiscover.core.roles import CandidateRole, intended_endpoints, role_of
from check_autodiscover.core.rules.catalogue import RULES
from check_autodiscover.core.rules.rule import Case, Default
from check_autodiscover.core.severity import SeverityOverride
from check_autodiscover.core.state import State

__all__ = ["Grade", "case_of", "concerned", "grade", "harm", "override_of", "reason_of"]

_HOST_RECORD = (Endpoint.AUTODISCOVER, Endpoint.REDIRECT)
_HOST_RULES = frozenset(
    {
        "dns-wildcard-captures-autodiscover",
        "dns-unwanted-host-record",
        "dns-host-record-missing",
        "dns-alias-unexpected",
        "dns-address-unexpected",
        "dns-dnssec-bogus",
    }
)
"""Rules about the record `autodiscover.D`, which leads both the https and the http candidate."""

_EVERYWHERE = frozenset({"dns-domain-unresolvable", "dns-dnssec-bogus", "drift-delegation"})
"""Rules about the whole domain, where they are about its zone."""


_DECLARABLE = ("dns-wildcard-captures-autodiscover", "dns-wildcard-present")
"""Rules about a catch-all, which policy may expect."""


@dataclass(frozen=True, slots=True)
class Grade:
    """A severity, policy's reason where policy lowered it to OK, and the default where policy set another.

    What is `told` alone is about a step that policy disables, so it explains nothing that clients meet. `expired` says
    what policy had set and for how long, where its day is past.
    """

    state: State
    accepted: str | None = None
    default: State | None = None
    told: bool = False
    expired: str | None = None

    @property
    def own(self) -> State:
        """The severity that the finding has by itself, whatever policy says."""
        return self.default or self.state


def concerned(finding: Finding) -> tuple[Endpoint, ...]:
    """The endpoints whose walks a finding can explain."""
    if finding.rule in _EVERYWHERE and finding.endpoint is Endpoint.ZONE:
        return tuple(Endpoint)
    if finding.rule in _HOST_RULES and finding.endpoint in _HOST_RECORD:
        return _HOST_RECORD
    return (finding.endpoint,)


def harm(view: ViewPicture, finding: Finding) -> tuple[Walk, ...]:
    """The judged walks of a view that end badly because of a finding; without Autodiscover also those that succeed."""
    if _skipped(view, finding):
        return ()
    return tuple(walk for walk in view.walks if walk.judged and _explains(view, finding, walk))


def _explains(view: ViewPicture, finding: Finding, walk: Walk) -> bool:
    method = view.method
    if finding.endpoint is Endpoint.SCP:
        return walk.outcome.bad and _spoils_directory(finding, walk)
    endpoints = concerned(finding)
    if not (walk.outcome.bad or (method is Method.NONE and walk.outcome.good)):
        return False
    if walk.at is None or _role(view, Endpoint(walk.at.value)) is CandidateRole.AFTER:
        return bool(set(endpoints) & set(intended_endpoints(method)))
    return Endpoint(walk.at.value) in endpoints


def _role(view: ViewPicture, endpoint: Endpoint) -> CandidateRole:
    """The part that a place plays for clients: where policy skips every intended step, they go on to those after it."""
    role = role_of(view.method, endpoint)
    intended = {step.value for step in intended_endpoints(view.method)}
    skipped = bool(intended) and intended <= {step.value for step in view.scene.disabled}
    return CandidateRole.BEFORE if skipped and role is CandidateRole.AFTER else role


def _spoils_directory(finding: Finding, walk: Walk) -> bool:
    """Whether a walk ended at the finding's URL, or had to go on from there to its end."""
    steps = [step for step in walk.steps if step.step is Step.SCP]
    if walk.at is Step.SCP:
        return bool(steps) and steps[-1].host == finding.subject
    left = [step.host for step in steps if step.outcome == "next"]
    return (
        bool(left)
        and left == [step.host for step in steps if step.outcome != "follows"]
        and (finding.subject in left or finding.rule == "directory-scp-missing")
    )


def grade(picture: Picture, finding: Finding) -> Grade:
    """A finding's severity before causes are known."""
    view = next((item for item in picture.views if item.name == finding.view), picture.views[0])
    default = _default(finding, view)
    state = _state(picture, finding, view, default)
    override, expired = override_of(picture.survey.policy, finding, picture.now)
    told = _skipped(view, finding)
    if override is not None:
        lowered = override.state is State.OK and state is not State.OK
        return Grade(override.state, reason_of(override) if lowered else None, state, told, expired)
    if told and state is not State.OK:
        return Grade(State.OK, _SKIPPED, state, told, expired)
    declared = finding.rule in _DECLARABLE and finding.arg("declared")
    return Grade(state, "declared as an expected wildcard" if declared else None, told=told, expired=expired)


def reason_of(override: SeverityOverride) -> str:
    """Why policy lowered a finding to OK, as a report says it."""
    reason = override.reason or "by policy"
    return f"{reason}, until {override.until}" if override.until else reason


def _expiry(override: SeverityOverride) -> str:
    """What an override said that counts no more, as in `accepted until 2027-01-31 (CHG-123): expired`."""
    what = "accepted" if override.state is State.OK else override.state.value.lower()
    reason = f" ({override.reason})" if override.reason else ""
    return f"{what} until {override.until}{reason}: expired"


_SKIPPED = "the step is skipped by policy"


def _skipped(view: ViewPicture, finding: Finding) -> bool:
    """Whether a finding is about steps alone that no client takes."""
    steps = {step.value for step in view.scene.disabled}
    area = RULES[finding.rule].area in ("dns", "certificate", "service", "directory")
    return area and all(endpoint.value in steps for endpoint in concerned(finding))


def case_of(finding: Finding, method: Method) -> Case | None:
    """The catalogue's special case that fits a finding, if any."""
    return next((case for case in RULES[finding.rule].cases if case.fits(finding, method)), None)


def _default(finding: Finding, view: ViewPicture) -> Default:
    case = case_of(finding, view.method)
    return case.default if case else RULES[finding.rule].default


def _state(picture: Picture, finding: Finding, view: ViewPicture, default: Default) -> State:
    match default:
        case Default.HARM:
            return _by_harm(view, finding)
        case Default.USE:
            return _by_use(harm(view, finding))
        case Default.TIMEOUT_RESULT:
            return picture.survey.policy.timeout_result
        case _:
            return _told_only(view, finding, _FIXED[default])


_FIXED = {
    Default.CRITICAL: State.CRITICAL,
    Default.WARNING: State.WARNING,
    Default.NOTE: State.OK,
    Default.UNKNOWN: State.UNKNOWN,
}


def _by_harm(view: ViewPicture, finding: Finding) -> State:
    """CRITICAL where users are hit. Certificates and services elsewhere than at the intended endpoint are notes.

    Under `exchange-online` current Outlook asks Microsoft before the root domain: what is wrong there is a WARNING.
    """
    first = view.method is Method.EXCHANGE_ONLINE and finding.endpoint is Endpoint.ROOT
    hit = harm(view, finding) and not first
    return _told_only(view, finding, State.CRITICAL if hit else State.WARNING)


_ALARMING = (CandidateRole.INTENDED, CandidateRole.DIRECTORY, CandidateRole.BEFORE)


def _told_only(view: ViewPicture, finding: Finding, state: State) -> State:
    """OK for a certificate or service that no client is led to, or that stops nobody."""
    judged = finding.rule.startswith(("certificate-", "service-", "drift-certificate-"))
    if not judged or finding.endpoint is Endpoint.ZONE:
        return state
    role = _role(view, finding.endpoint)
    if role is CandidateRole.BEFORE and finding.rule != "service-slow-candidate":
        return state if harm(view, finding) else State.OK
    return state if role in _ALARMING else State.OK


def _by_use(walks: tuple[Walk, ...]) -> State:
    if any(walk.outcome.good or walk.outcome.misled for walk in walks):
        return State.CRITICAL
    return State.WARNING if walks else State.OK


def override_of(policy: Policy, finding: Finding, now: float) -> tuple[SeverityOverride | None, str | None]:
    """The last override that fits and counts, as what is given later wins; and what one that has expired had said."""
    expired = None
    for item in reversed(policy.severities):
        if not _fits(item, finding):
            continue
        if item.holds(now):
            return item, expired
        expired = expired or _expiry(item)
    return None, expired


def _fits(override: SeverityOverride, finding: Finding) -> bool:
    return (
        override.rule == finding.rule
        and override.view in ("", finding.view)
        and override.endpoint in ("", finding.endpoint.value)
    )
