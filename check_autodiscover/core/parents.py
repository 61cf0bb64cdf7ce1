"""The Autodiscover names of a domain's parents: where a client would climb to once it finds nothing (2021's leak).

No walk leads there by design, so these are no candidates. `plan` has a look at them, and `rules.zones` tells of them.
"""

from check_autodiscover.core.candidates import autodiscover_name
from check_autodiscover.core.cloud import cloud_name
from check_autodiscover.core.observations import EndpointQuestion, Scheme, Variant
from check_autodiscover.core.policy import View
from check_autodiscover.core.records import resolve
from check_autodiscover.core.survey import Survey

__all__ = ["glance"]


def glance(survey: Survey, view: View, parent: str) -> EndpointQuestion | None:
    """The one request that shows whether a parent's name asks for passwords; None where nobody is to be contacted.

    It may be anybody's server: one of its addresses is enough, and Microsoft's are left alone.
    """
    found = resolve(survey, view, autodiscover_name(parent))
    if not view.connect or not found.addresses or cloud_name(found.names):
        return None
    return EndpointQuestion(
        found.name, found.addresses[0], survey.policy.https_port, Scheme.HTTPS, variant=Variant.GLANCE
    )
