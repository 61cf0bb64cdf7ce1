"""The rule about what a search list finds in place of the Autodiscover name."""

from collections.abc import Iterator

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.analysis.endpoints import autodiscover_name
from check_autodiscover.core.analysis.plan import catch_all_below, suffixes
from check_autodiscover.core.model.finding import Endpoint, Finding
from check_autodiscover.core.rules.phrases import joined

__all__ = ["judge_suffixes"]


def judge_suffixes(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """`dns-wildcard-present`, for a catch-all that answers once a suffix is appended to `autodiscover.D`."""
    for suffix in suffixes(picture.survey, view.scene.view):
        found = catch_all_below(picture.survey, view.scene.view, suffix)
        if found is not None:
            yield Finding(
                rule="dns-wildcard-present",
                view=view.name,
                endpoint=Endpoint.ZONE,
                subject=f"*.{suffix}",
                addresses=found.addresses,
                args=(
                    ("where", joined(found.aliases[:1] or found.addresses)),
                    ("protected", autodiscover_name(picture.survey.domain)),
                    ("suffix", suffix),
                ),
            )
