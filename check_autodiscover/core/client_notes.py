"""Notes about clients: what they may do beside what is seen, and how those fare that nobody judges.

`summary` puts them among the report's notes. None is a finding, so none can raise an alarm.
"""

from collections.abc import Iterator

from check_autodiscover.core.clients import CLIENTS, REGISTRY, Outcome, Walk
from check_autodiscover.core.finding import Endpoint
from check_autodiscover.core.picture import Picture, ViewPicture
from check_autodiscover.core.policy import ClientName, Method, Step
from check_autodiscover.core.roles import intended_endpoints
from check_autodiscover.core.rules.phrases import joined

__all__ = ["client_notes"]

_PREMISES = (Method.SRV, Method.HOST, Method.REDIRECT)
_PANELS = ("cpanel", "webdisk")
"""Names that a hosting panel puts into the certificates it makes, and nobody else has a use for."""


def client_notes(picture: Picture) -> Iterator[str]:
    """What is said of clients, each note in a sentence."""
    yield from _cloud_first(picture)
    yield from _skipped(picture)
    yield from _left_out(picture)
    for name in dict.fromkeys(name for view in picture.views for name in _panels(view)):
        domain = picture.survey.domain
        yield (
            f"the web site of {domain} has a hosting panel's certificate ({name}): its AutoSSL cannot prove "
            f"autodiscover.{domain}, which leads to Microsoft, and should leave that name out"
        )


def _cloud_first(picture: Picture) -> Iterator[str]:
    views = [view for view in picture.views if Step.OFFICE365 not in view.scene.disabled]
    if ClientName.OUTLOOK_2016 not in picture.survey.policy.clients or not views:
        return
    mailbox = f", and open a mailbox there if the account has one ({REGISTRY[Step.OFFICE365]} keeps them here)"
    premises = any(view.method in _PREMISES for view in views)
    yield (
        "Microsoft 365 endpoints are never contacted: Outlook 2016 and later may ask them first"
        f"{mailbox if premises else ''}"
    )


def _skipped(picture: Picture) -> Iterator[str]:
    views: dict[tuple[Step, ...], list[str]] = {}
    for view in picture.views:
        if view.scene.disabled:
            views.setdefault(view.scene.disabled, []).append(view.name)
    for steps, names in views.items():
        values = joined(REGISTRY[step] for step in steps)
        yield f"{joined(names)}: clients skip {joined(step.value for step in steps)}; one without {values} does not"


def _left_out(picture: Picture) -> Iterator[str]:
    """Clients that find nothing though the judged ones are served: what those cannot do is why."""
    views: dict[tuple[str, str], list[str]] = {}
    for view in picture.views:
        judged = [walk for walk in view.walks if walk.judged]
        for walk in view.walks if judged and all(walk.outcome.good for walk in judged) else ():
            if walk.outcome is Outcome.NOTHING and not walk.judged and view.method is not Method.NONE:
                views.setdefault((walk.client.value, _reason(view, walk)), []).append(view.name)
    for (client, reason), names in views.items():
        where = f" {joined(names)}" if len(picture.views) > 1 else ""
        yield f"{client}, which is not judged, finds nothing{where}: {reason}"


def _reason(view: ViewPicture, walk: Walk) -> str:
    steps = next(profile.steps for profile in CLIENTS if profile.name is walk.client)
    if view.method is Method.SRV and Step.SRV not in steps:
        return "it knows no SRV records, as later ones do (KB 940881)"
    intended = {endpoint.value for endpoint in intended_endpoints(view.method)}
    meant = [step.why for step in walk.steps if step.step.value in intended]
    return meant[-1] if meant else "no place answers it"


def _panels(view: ViewPicture) -> Iterator[str]:
    if view.method is Method.EXCHANGE_ONLINE:
        for meeting in view.scene.at(Endpoint.ROOT):
            names = meeting.certificate.dns_names if meeting.certificate else ()
            yield from (name for name in names if name.startswith(tuple(f"{panel}." for panel in _PANELS)))
