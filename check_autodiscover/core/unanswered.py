"""The questions about a domain that got no answer in a view, and where clients miss the answers."""

from check_autodiscover.core.cloud import cloud_name
from check_autodiscover.core.finding import Endpoint
from check_autodiscover.core.names import is_below
from check_autodiscover.core.observations import DnsQuestion, DnsStatus
from check_autodiscover.core.picture import ViewPicture
from check_autodiscover.core.records import Failure
from check_autodiscover.core.survey import Survey

__all__ = ["failures", "place_of", "refused_elsewhere", "unvalidated"]


def failures(survey: Survey, view: ViewPicture) -> tuple[Failure, ...]:
    """The unanswered questions about the domain and the names that its records lead to, each once.

    What lies behind Microsoft's names is nobody's to judge, and what a server refuses of zones that are not its own is
    no fault.
    """
    return tuple(item for item in _unanswered(view) if not cloud_name((item.name,)) and not _elsewhere(survey, item))


def _unanswered(view: ViewPicture) -> tuple[Failure, ...]:
    scene = view.scene
    walked = (candidate.resolution for candidate in scene.candidates if candidate.step is not None)
    resolutions = (scene.domain, scene.autodiscover, *walked)
    found = (failure for resolution in resolutions for failure in resolution.failures)
    return tuple(dict.fromkeys((*found, *scene.srv.failures)))


def _elsewhere(survey: Survey, failure: Failure) -> bool:
    """Whether all resolvers refuse a name of another zone, as those without recursion do."""
    return not is_below(failure.name, survey.domain) and all(
        status is DnsStatus.REFUSED for _, status in failure.reasons
    )


def refused_elsewhere(survey: Survey, view: ViewPicture) -> tuple[str, ...]:
    """The names of other zones that the resolvers of a view refuse to look up, which is a note."""
    refused = (item.name for item in _unanswered(view) if _elsewhere(survey, item) and not cloud_name((item.name,)))
    return tuple(dict.fromkeys(refused))


def unvalidated(survey: Survey, view: ViewPicture, failure: Failure) -> list[str]:
    """The resolvers that have an answer to a question which they fail, if they are not to validate it."""
    labels = []
    for label, status in failure.reasons:
        question = DnsQuestion(view.name, label, failure.name, failure.type, checking_disabled=True)
        unchecked = survey.lookups.get(question)
        if status is DnsStatus.SERVFAIL and unchecked is not None and unchecked.status.conclusive:
            labels.append(label)
    return labels


def place_of(survey: Survey, view: ViewPicture, failure: Failure) -> Endpoint:
    """Where clients miss the answer to a question: everywhere, where it is about the domain itself."""
    if failure.name == survey.domain:
        return Endpoint.ZONE
    led = (item.endpoint for item in view.scene.candidates if failure in item.resolution.failures)
    return next(led, Endpoint.SRV)
