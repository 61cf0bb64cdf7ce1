"""Rules about how clients fare: `client-*`, and `dns-views-disagree`. Consequences, unless nothing explains them."""

from collections.abc import Iterator, Sequence

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.model.clients import CLIENTS, OUTCOMES, Outcome, Walk, WalkStep
from check_autodiscover.core.model.finding import Endpoint, Finding, intended_endpoints
from check_autodiscover.core.model.policy import Method, Step
from check_autodiscover.core.rules.phrases import joined

__all__ = ["judge_clients", "judge_views", "taken_target", "unconcerned"]


def judge_clients(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """One finding for each way in which judged clients of a view fare that deserves a word."""
    yield from _judge_outcome(picture, view, "client-warned", Outcome.WARNED)
    if view.method is not Method.NONE:
        yield from _judge_outcome(picture, view, "client-finds-nothing", Outcome.NOTHING)
        yield from _judge_outcome(picture, view, "client-asks-consent", Outcome.ASKS_CONSENT)


def _judge_outcome(picture: Assessment, view: ViewAssessment, rule: str, outcome: Outcome) -> Iterator[Finding]:
    walks = [walk for walk in view.walks if walk.judged and walk.outcome is outcome and not unconcerned(view, walk)]
    if not walks:
        return
    ends = _ends(walks)
    yield Finding(
        rule=rule,
        view=view.name,
        endpoint=_endpoint(view, walks[0]),
        subject=picture.survey.domain,
        args=(
            ("clients", joined(walk.client.value for walk in walks)),
            ("step", joined(end.step.value for end in ends)),
            ("url", joined(end.candidate for end in ends)),
            ("host", joined(end.host for end in ends)),
            ("why", joined(end.why for end in ends)),
            (
                "clients_and_steps",
                joined(_at(end, who) for end, who in ends.items()),
            ),
            ("clients_hosts_and_steps", joined(_asked(end, who) for end, who in ends.items())),
            ("target", _dead_end(view, walks[0])),
            *_out_of_reach(view, walks).items(),
            ("tld", picture.survey.domain.rpartition(".")[2]),
        ),
    )


def _ends(walks: Sequence[Walk]) -> dict[WalkStep, str]:
    """The steps at which walks ended, each with the clients that ended there."""
    ended = [(walk.steps[-1], walk.client.value) for walk in walks if walk.at is not None and walk.steps]
    return {end: joined(client for other, client in ended if other == end) for end, _ in ended}


def _at(end: WalkStep, clients: str) -> str:
    return f"{clients} at the {end.step.value} step ({end.why})"


def _asked(end: WalkStep, clients: str) -> str:
    return f"{clients} before {end.host} configures the account ({end.step.value} step)"


def taken_target(view: ViewAssessment, name: str) -> str:
    """The SRV target that leads to a name, where there are several: no client takes more than one of them."""
    records = {item.name: item.srv for item in view.scene.candidates if item.srv is not None}
    several = len({record.target for record in records.values()}) > 1
    return records[name].target if several and name in records else ""


def _dead_end(view: ViewAssessment, walk: Walk) -> str:
    """The one of several SRV targets at which a walk found nothing."""
    ends = [step.host for step in walk.steps if step.step is Step.SRV and step.host]
    return taken_target(view, ends[-1]) if ends and walk.at is None else ""


def _out_of_reach(view: ViewAssessment, walks: Sequence[Walk]) -> dict[str, str]:
    """Why clients never come to the steps by which the domain is published, and what to do about that."""
    needed = {endpoint.value for endpoint in intended_endpoints(view.method)}
    steps, disabled = joined(sorted(needed)), {step.value for step in view.scene.disabled}
    if needed and needed <= disabled:
        return {"reach": f"policy skips {steps}", "advice": f"Allow {steps} again in policy, or publish otherwise."}
    known = {profile.name: {step.value for step in profile.steps} for profile in CLIENTS}
    lacking = joined(walk.client.value for walk in walks if needed and not needed & known[walk.client])
    if lacking:
        return {"reach": f"{lacking} knows no {steps} step", "advice": f"Update {lacking}, or publish otherwise."}
    return {"reach": "", "advice": "Mend the cause."}


def unconcerned(view: ViewAssessment, walk: Walk) -> bool:
    """Whether a walk ended at the root of a domain that has no Autodiscover: a web site's own affair."""
    return view.method is Method.NONE and walk.at is Step.ROOT


def _endpoint(view: ViewAssessment, walk: Walk) -> Endpoint:
    if walk.at is not None:
        return Endpoint(walk.at.value)
    return next(iter(intended_endpoints(view.method)), Endpoint.ZONE)


def judge_views(picture: Assessment) -> Iterator[Finding]:
    """`dns-views-disagree`: a judged client fares well in one view and badly, or otherwise badly, in another."""
    fares = {view.name: _fares(view) for view in picture.views if view.scene.view.connect}
    seen = {name: fare for name, fare in fares.items() if fare is not None}
    if len(set(seen.values())) > 1:
        yield Finding(
            rule="dns-views-disagree",
            view="",
            endpoint=Endpoint.ZONE,
            subject=picture.survey.domain,
            args=(("outcomes", ", ".join(f"{name} {fare}" for name, fare in seen.items())),),
        )


def _fares(view: ViewAssessment) -> str | None:
    """The worst outcome of a view's judged clients in a word; None where it was not seen. A consent box is no fault."""
    outcomes = [walk.outcome for walk in view.walks if walk.judged]
    if not outcomes or Outcome.UNKNOWN in outcomes:
        return None
    worst = min(outcomes, key=OUTCOMES.index)
    if view.method is Method.NONE and worst is Outcome.NOTHING:
        return None
    return Outcome.CONFIGURED.value if worst.good else worst.value
