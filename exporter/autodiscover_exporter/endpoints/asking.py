"""What the endpoints about one domain have in common: by which module it is looked at, who may ask, and for how long.

The deadline is Prometheus's, less what the way there and back takes, and no longer than the module allows.
"""

from collections.abc import Callable, Mapping

from autodiscover_exporter.endpoints.target import BadRequest, Target, scrape_timeout
from autodiscover_exporter.own_metrics import ErrorReason
from autodiscover_exporter.results.result import Failure, Result
from autodiscover_exporter.results.results import Outcome, Results
from autodiscover_exporter.web.messages import Response
from check_autodiscover.config import Configuration, Module, UnknownModule
from check_autodiscover.declared import Contradiction
from check_autodiscover.hostile import clean

__all__ = ["Asking", "Forbidden", "refused"]

_NOT_ALLOWED = "is not configured here: name it under domains, or in targets.allow"


class Forbidden(Exception):
    """A domain that the configuration allows nobody to ask for; the text is one sentence."""


class Asking:
    """Obtains outcomes by the configuration of the moment. `timeout_offset` is in seconds."""

    def __init__(self, configuration: Callable[[], Configuration], results: Results, timeout_offset: float) -> None:
        self._configuration = configuration
        self._results = results
        self._timeout_offset = timeout_offset

    def at_hand(self, target: Target, headers: Mapping[str, str]) -> Outcome | None:
        """What is known of the domain and serves whoever asks now, else None. Raises BadRequest and Forbidden."""
        return self._results.at_hand(target.domain, *self._order(target, headers))

    async def obtain(self, target: Target, headers: Mapping[str, str]) -> Outcome:
        """What is known of the domain, or found out now. Raises BadRequest and Forbidden."""
        return await self._results.obtain(target.domain, *self._order(target, headers))

    def _order(self, target: Target, headers: Mapping[str, str]) -> tuple[Module, float]:
        """By which module it is looked at, and the seconds that there are for it."""
        configuration = self._configuration()
        try:
            module = configuration.settled(target.domain, target.module)
        except (UnknownModule, Contradiction) as error:
            raise BadRequest(str(error)) from error
        left = scrape_timeout(headers, self._timeout_offset)
        if not configuration.allows(target.domain):
            raise Forbidden(f"{target.domain} {_NOT_ALLOWED}")
        return module, min(left, module.policy.timeout)

    def missed(self, failure: Failure) -> tuple[Result, float] | None:
        """The last result of a domain that the schedule has long not got to, and its interval in seconds.

        None where the failure is another matter.
        """
        configuration, domain = self._configuration(), failure.domain
        last = self._results.latest.get((domain, failure.module))
        scheduled = domain in configuration.domains and failure.module == configuration.module_of(domain)
        if configuration.rhythm is None or not scheduled or failure.reason not in _WAITED or isinstance(last, Failure):
            return None
        return (last, configuration.rhythm.interval) if last else None


_WAITED = (ErrorReason.DEADLINE, ErrorReason.OVERLOAD)


def refused(error: BadRequest | Forbidden) -> Response:
    """What a request is answered that is not looked into further: one line that says why."""
    return Response(f"{clean(str(error))}\n".encode(), 403 if isinstance(error, Forbidden) else 400)
