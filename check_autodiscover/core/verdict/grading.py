"""How grave a finding is: the catalogue's default, resolved by who is hit, unless policy says otherwise.

Which finding explains which: a forest, made by table.

The order of explanation is the catalogue's `level`: a lower one explains the higher ones at the same view and
candidate. A consequence never counts above its root. Faults of different records are separate roots.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.model.clients import Walk
from check_autodiscover.core.model.finding import CandidateRole, Endpoint, Finding, intended_endpoints, role_of
from check_autodiscover.core.model.policy import Method, Policy, Step
from check_autodiscover.core.model.states import SeverityOverride, State
from check_autodiscover.core.rules.catalogue import CATALOGUE, RULES
from check_autodiscover.core.rules.rule import Case, Default

__all__ = ["RULE_ORDER", "Grade", "Graded", "case_of", "concerned", "grade", "harm", "link", "override_of", "reason_of"]

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


def harm(view: ViewAssessment, finding: Finding) -> tuple[Walk, ...]:
    """The judged walks of a view that end badly because of a finding; without Autodiscover also those that succeed."""
    if _skipped(view, finding):
        return ()
    return tuple(walk for walk in view.walks if walk.judged and _explains_walk(view, finding, walk))


def _explains_walk(view: ViewAssessment, finding: Finding, walk: Walk) -> bool:
    method = view.method
    if finding.endpoint is Endpoint.SCP:
        return walk.outcome.bad and _spoils_directory(finding, walk)
    endpoints = concerned(finding)
    if not (walk.outcome.bad or (method is Method.NONE and walk.outcome.good)):
        return False
    if walk.at is None or _role(view, Endpoint(walk.at.value)) is CandidateRole.AFTER:
        return bool(set(endpoints) & set(intended_endpoints(method)))
    return Endpoint(walk.at.value) in endpoints


def _role(view: ViewAssessment, endpoint: Endpoint) -> CandidateRole:
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


def grade(picture: Assessment, finding: Finding) -> Grade:
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


def _skipped(view: ViewAssessment, finding: Finding) -> bool:
    """Whether a finding is about steps alone that no client takes."""
    steps = {step.value for step in view.scene.disabled}
    area = RULES[finding.rule].area in ("dns", "certificate", "service", "directory")
    return area and all(endpoint.value in steps for endpoint in concerned(finding))


def case_of(finding: Finding, method: Method) -> Case | None:
    """The catalogue's special case that fits a finding, if any."""
    return next((case for case in RULES[finding.rule].cases if case.fits(finding, method)), None)


def _default(finding: Finding, view: ViewAssessment) -> Default:
    case = case_of(finding, view.method)
    return case.default if case else RULES[finding.rule].default


def _state(picture: Assessment, finding: Finding, view: ViewAssessment, default: Default) -> State:
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


def _by_harm(view: ViewAssessment, finding: Finding) -> State:
    """CRITICAL where users are hit. Certificates and services elsewhere than at the intended endpoint are notes.

    Under `exchange-online` current Outlook asks Microsoft before the root domain: what is wrong there is a WARNING.
    """
    first = view.method is Method.EXCHANGE_ONLINE and finding.endpoint is Endpoint.ROOT
    hit = harm(view, finding) and not first
    return _told_only(view, finding, State.CRITICAL if hit else State.WARNING)


_ALARMING = (CandidateRole.INTENDED, CandidateRole.DIRECTORY, CandidateRole.BEFORE)


def _told_only(view: ViewAssessment, finding: Finding, state: State) -> State:
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


RULE_ORDER = {rule.id: index for index, rule in enumerate(CATALOGUE)}
"""The catalogue's order, by which equals are named."""


@dataclass(frozen=True, slots=True)
class Graded:
    """A finding and its own grade."""

    finding: Finding
    grade: Grade


_INDEPENDENT = frozenset(
    {
        "dns-wildcard-present",
        "dns-srv-target-alias",
        "dns-authority-inconsistent",
        "dns-inside-zone-extra-records",
        "dns-stale-answer",
        "dns-parent-exposed",
        "certificate-intercepted",
        "certificate-unreadable",
        "directory-unavailable",
        "directory-scp-missing",
        "directory-scp-unexpected",
        "directory-scp-name-mismatch",
        "directory-scp-unreachable",
    }
)
"""Roots of their own, whatever else is found."""

_BESIDE = frozenset({"certificate-unexpected", "certificate-expiring", "certificate-weak"})
"""Beside the other faults of a certificate as roots of their own, unless its name does not match."""

_EXPLAINED_BY_ANY = frozenset(
    {
        "certificate-foreign",
        "certificate-addresses-differ",
        "dns-servers-disagree",
        "dns-srv-targets-several",
        "service-login-interrupted",
        "service-redirect-address",
        "service-xml-error",
    }
)
"""Explained by any fault of the same candidate."""

_INTERCEPTED = "certificate-intercepted"

_OF_INTERCEPTION = frozenset({"certificate-untrusted", "certificate-chain-incomplete"})
"""What follows where a machine on our way presents certificates of its own: no fault of the servers."""

_CERTIFICATE_DRIFT = frozenset(
    {"drift-certificate-names-lost", "drift-certificate-replaced", "drift-certificate-renewed"}
)

_DRIFT = {
    "certificate-addresses-differ": _CERTIFICATE_DRIFT,
    "client-finds-nothing": frozenset({"drift-walk-changed"}),
    "client-warned": frozenset({"drift-walk-changed"}),
    "dns-servers-disagree": frozenset({"drift-record"}),
    "dns-srv-target-alias": frozenset({"drift-record"}),
    "dns-srv-targets-several": frozenset({"drift-record"}),
    "drift-certificate-names-lost": frozenset({"drift-certificate-replaced", "drift-walk-changed"}),
    "drift-certificate-replaced": frozenset({"drift-walk-changed"}),
    "drift-record": frozenset({"drift-walk-changed", *_CERTIFICATE_DRIFT}),
    "drift-wildcard-gone": frozenset({"drift-record", "drift-walk-changed", *_CERTIFICATE_DRIFT}),
    "drift-wildcard-appeared": frozenset({"drift-record", "drift-walk-changed", *_CERTIFICATE_DRIFT}),
}
"""What explains no fault, but a change that comes along with it, or says the same, in one view and place."""

_CATCH_ALLS = frozenset({"dns-wildcard-captures-autodiscover", "dns-wildcard-captures-srv", "dns-wildcard-present"})

_TWINS = {
    "directory-scp-name-mismatch": "certificate-name-mismatch",
    "directory-scp-unreachable": "service-unreachable",
}
"""What the directory's rules are called at a place that DNS leads to: they explain the same."""

_BLIND = frozenset(
    {
        "dns-lookup-failed",
        "dns-nxdomain-rewritten",
        "check-network-denied",
        "check-out-of-resources",
        "check-timed-out",
        "directory-unavailable",
    }
)
"""What was not seen explains nothing that was: nothing is found that depends on a missing answer."""


def link(graded: Sequence[Graded], methods: dict[str, Method]) -> tuple[int | None, ...]:
    """For each finding the index of its root, None for a root. `methods` are the effective ones, by view."""
    parents = [_parent(item, graded, methods) for item in graded]
    return tuple(_root(index, parents) for index in range(len(graded)))


def _root(index: int, parents: list[int | None]) -> int | None:
    """The end of a finding's chain of parents; the chain cannot loop, as each parent stands earlier in the order."""
    parent = parents[index]
    if parent is None:
        return None
    while (above := parents[parent]) is not None:
        parent = above
    return parent


def _parent(effect: Graded, graded: Sequence[Graded], methods: dict[str, Method]) -> int | None:
    explaining = (
        index
        for index, cause in enumerate(graded)
        if _met(cause, effect)
        and _as_grave(cause, effect, methods)
        and _explains(cause.finding, effect.finding, methods)
    )
    follows = effect.finding.rule == "dns-views-disagree" or RULES[effect.finding.rule].area == "client"
    return min(explaining, key=lambda index: _preference(graded[index], follows), default=None)


def _met(cause: Graded, effect: Graded) -> bool:
    """Whether clients come to the cause, if they come to the effect."""
    return effect.grade.told or not cause.grade.told


def _as_grave(cause: Graded, effect: Graded, methods: dict[str, Method]) -> bool:
    """A fault hides none that is graver by itself. Without Autodiscover a catch-all says how grave its tree is.

    What an inspecting machine shows us is graver only if it were the servers' doing.
    """
    follows = RULES[effect.finding.rule].area == "client" or cause.finding.rule == _INTERCEPTED
    captured = cause.finding.rule == "dns-wildcard-captures-autodiscover"
    unmeant = captured and methods.get(effect.finding.view) is Method.NONE
    # What went with a catch-all that is gone is as good as that.
    gone = cause.finding.rule == "drift-wildcard-gone"
    return follows or unmeant or gone or cause.grade.own.gravity >= effect.grade.own.gravity


def _preference(item: Graded, follows: bool) -> tuple[int, int, int]:
    """The earliest explanation, but the gravest first for what follows from walks; then as the catalogue has them."""
    level, gravity = RULES[item.finding.rule].level, -item.grade.state.gravity
    first, second = (gravity, level) if follows else (level, gravity)
    return first, second, RULE_ORDER[item.finding.rule]


def _explains(cause: Finding, effect: Finding, methods: dict[str, Method]) -> bool:
    if cause is effect:
        return False
    if RULES[effect.rule].area == "drift" and not RULES[effect.rule].level:
        return _explains_drift(cause, effect)
    return _may_explain(cause) and _explains_found(cause, effect, methods)


def _explains_found(cause: Finding, effect: Finding, methods: dict[str, Method]) -> bool:
    if cause.rule == _INTERCEPTED:
        return effect.rule in _OF_INTERCEPTION and set(effect.addresses) <= set(cause.addresses)
    match effect.rule:
        case "dns-views-disagree":
            return cause.view != "" and not _tells_only(cause)
        case "dns-srv-shadowed":
            return cause.view == effect.view and cause.endpoint in (Endpoint.ROOT, *_HOST) and not _tells_only(cause)
        case "dns-srv-missing":
            return _explains_fault(cause, effect) or _takes_the_name(cause, effect)
        case "client-asks-consent":
            return False
        case "client-warned" | "client-finds-nothing":
            return _same_place(cause, effect) or _leads_past(cause, effect, methods)
        case "service-foreign-login" | "service-foreign-settings":
            return _explains_fault(cause, effect) or _leads_past(cause, effect, methods)
        case _:
            return _explains_fault(cause, effect)


_HOST = (Endpoint.AUTODISCOVER, Endpoint.REDIRECT)


def _may_explain(cause: Finding) -> bool:
    """Not a note, nor what is missing beside what is met: an address that is not there, or a wildcard that is right."""
    beside = cause.arg("missing") or cause.arg("declared")
    return RULES[cause.rule].level > 0 and cause.rule not in _BLIND and not beside


def _tells_only(cause: Finding) -> bool:
    """Whether a finding's candidate plays no part in a walk."""
    return cause.endpoint is Endpoint.SERVER


def _same_place(cause: Finding, effect: Finding) -> bool:
    whole_view = RULES[cause.rule].level == 1 and cause.endpoint is Endpoint.ZONE
    if whole_view:
        return cause.view in ("", effect.view)
    if cause.endpoint is Endpoint.SCP and RULES[effect.rule].area != "client":
        return cause.view == effect.view and cause.subject == effect.subject and _said_by_directory(cause, effect)
    if cause.endpoint is effect.endpoint is Endpoint.SCP and effect.arg("host"):
        # The directory has a URL for each server, and the fault of one is not why clients are warned at another.
        return cause.view == effect.view and cause.subject in effect.arg("host").replace(" and ", ", ").split(", ")
    return cause.view == effect.view and (effect.endpoint in concerned(cause) or _same_machine(cause, effect))


def _said_by_directory(cause: Finding, effect: Finding) -> bool:
    """Whether a fault at the directory's URL is met there, or the same by way of DNS: one server, one fault."""
    return effect.endpoint is Endpoint.SCP or _common(cause) == effect.rule


def _common(finding: Finding) -> str:
    return _TWINS.get(finding.rule, finding.rule)


def _same_machine(cause: Finding, effect: Finding) -> bool:
    """Whether port 80 fails on a machine whose certificate on port 443 shows that it is not the one for the name."""
    return (
        cause.rule == "certificate-name-mismatch"
        and cause.subject == effect.subject
        and cause.endpoint is Endpoint.AUTODISCOVER
        and effect.endpoint is Endpoint.REDIRECT
    )


def _takes_the_name(cause: Finding, effect: Finding) -> bool:
    """Whether a catch-all stands at the SRV name as well, where it has no SRV data (RFC 4592 section 2.2)."""
    return cause.rule == "dns-wildcard-captures-autodiscover" and cause.view == effect.view


def _leads_past(cause: Finding, effect: Finding, methods: dict[str, Method]) -> bool:
    """Whether a fault at the intended endpoint is why clients went on to what stands after it, or to nothing."""
    method = methods.get(effect.view, Method.UNDETERMINED)
    intended = intended_endpoints(method)
    if cause.endpoint is Endpoint.SCP:
        return effect.rule == "client-finds-nothing" and cause.view == effect.view
    past = effect.rule == "client-finds-nothing" or role_of(method, effect.endpoint) is CandidateRole.AFTER
    return past and cause.view == effect.view and bool(set(concerned(cause)) & set(intended))


def _explains_fault(cause: Finding, effect: Finding) -> bool:
    if effect.rule in _INDEPENDENT or not _same_place(cause, effect):
        return False
    if not RULES[effect.rule].level:
        misnamed = _common(cause) == "certificate-name-mismatch"
        return effect.rule in _EXPLAINED_BY_ANY or (effect.rule in _BESIDE and misnamed)
    again = cause.endpoint is Endpoint.SCP and effect.endpoint is not Endpoint.SCP
    return again or _same_machine(cause, effect) or _order(cause) < _order(effect)


def _explains_drift(cause: Finding, effect: Finding) -> bool:
    """Whether a fault, or another change, says already what changed: one drift is told once."""
    if cause.view != effect.view or effect.rule == "drift-baseline-missing":
        return False
    if effect.rule in _DRIFT.get(cause.rule, frozenset()):
        return effect.rule == "drift-walk-changed" or _met_together(cause, effect)
    if effect.rule == "drift-wildcard-appeared" and cause.rule in _CATCH_ALLS:
        return True
    if not _may_explain(cause) or _tells_only(cause):
        return False
    return effect.rule == "drift-walk-changed" or cause.subject == effect.subject or _same_place(cause, effect)


def _met_together(cause: Finding, effect: Finding) -> bool:
    """Whether two changes are of one place: a catch-all stands at all of them."""
    return cause.endpoint in (Endpoint.ZONE, effect.endpoint)


def _order(finding: Finding) -> tuple[int, int]:
    return RULES[finding.rule].level, RULE_ORDER[_common(finding)]
