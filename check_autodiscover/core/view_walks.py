"""The walks of all clients in a view, and the host that may serve them there without misleading anybody."""

from collections.abc import Mapping
from dataclasses import dataclass

from check_autodiscover.core.clients import CLIENTS, STEP_NAMES, UNOBSERVED, Walk
from check_autodiscover.core.finding import Endpoint
from check_autodiscover.core.http_answer import AnswerClass
from check_autodiscover.core.meeting import Meeting
from check_autodiscover.core.picture import References, Scene
from check_autodiscover.core.policy import Family, Method, Step
from check_autodiscover.core.roles import CandidateRole, role_of
from check_autodiscover.core.survey import Survey
from check_autodiscover.core.walking import Courses, Walker, walk

__all__ = ["walks_of"]

_AS_EXCHANGE = (AnswerClass.EXCHANGE, AnswerClass.SETTINGS)


@dataclass(frozen=True, slots=True)
class Host:
    """Who is no stranger in a view: the method's host by address and key, and the `--server` hosts."""

    method: Method
    references: References
    addresses: frozenset[str]
    keys: frozenset[str]

    def stranger(self, meeting: Meeting) -> bool:
        """Whether a login or settings met there come from a host that the method does not lead to."""
        if meeting.candidate.endpoint is Endpoint.SCP and meeting.answer in _AS_EXCHANGE:
            # Only the organisation's own administrators write into its directory.
            return False
        if self.method is Method.UNDETERMINED:
            return meeting.answer is AnswerClass.PASSWORD
        if self.method is Method.EXCHANGE_ONLINE:
            return not meeting.candidate.cloud
        if meeting.candidate.cloud or (meeting.candidate.stray and meeting.candidate.name not in self.references.names):
            return True
        return not (self._own(meeting) or (meeting.exchange and meeting.acceptable))

    def _own(self, meeting: Meeting) -> bool:
        key = meeting.certificate.public_key if meeting.certificate else ""
        if meeting.candidate.name in self.references.names:
            return True
        return meeting.address in self.addresses or key in self.keys


def host_of(method: Method, scene: Scene, references: References) -> Host:
    """The host that a method leads to in a view. With `--server` it is that alone, else the intended endpoint."""
    addresses, keys = set(references.addresses), set(references.keys)
    for candidate in scene.candidates:
        leads = role_of(method, candidate.endpoint) is CandidateRole.INTENDED and not candidate.stray
        if leads and (not references.names or candidate.name in references.names):
            addresses.update(candidate.addresses)
            keys.update(item.certificate.public_key for item in scene.met[candidate] if item.certificate)
    return Host(method, references, frozenset(addresses), frozenset(keys))


def walks_of(survey: Survey, scene: Scene, method: Method, references: References) -> tuple[Walk, ...]:
    """The walks of all clients in a view under a method."""
    host = host_of(method, scene, references)
    judged, ipv4 = survey.policy.clients, Family.IPV4 in survey.policy.families
    skipped = {step: STEP_NAMES[step] for step in scene.disabled}
    skipped |= {item.step: item.url for item in reversed(scene.skipped) if item.step and not item.hop}
    unobserved = _unobserved(survey, scene)
    courses: Courses = {}
    return tuple(
        walk(
            Walker(
                profile,
                scene.candidates,
                scene.srv.presence,
                scene.met.__getitem__,
                host.stranger,
                ipv4,
                skipped,
                unobserved,
                courses,
            ),
            scene.view.name,
            profile.name in judged,
        )
        for profile in CLIENTS
    )


def _unobserved(survey: Survey, scene: Scene) -> Mapping[Step, str]:
    """The steps of which nothing is known in a view, and why."""
    if survey.policy.directory is None:
        return UNOBSERVED
    # Few runs ask a directory, and the others need not wait for the module.
    from check_autodiscover.core.directory import why_unseen

    why = why_unseen(survey, scene.view)
    told = {**UNOBSERVED, Step.SCP: f"not observed: {why}"}
    return {step: words for step, words in told.items() if why or step is not Step.SCP}
