"""Which causes an alert is about: severities, and patterns of rules that are in or out.

Every cause that alarms is one alert's, whatever severity policy gives it; a test holds that for the whole catalogue.
"""

import re
from dataclasses import dataclass

from artefacts.prometheus.recording import CAUSE, EXPIRY_RULE
from check_autodiscover.core.rules.catalogue import CATALOGUE

__all__ = [
    "APPEARED",
    "CANNOT_LOOK",
    "CANNOT_LOOK_CRITICAL",
    "CATCH_ALL",
    "CHECK",
    "DRIFT",
    "EXPIRING",
    "UNEXPECTED",
    "USERS_AFFECTED",
    "WARNING",
    "Selection",
]

CHECK = "check-.+"
PIN = "certificate-unexpected"
APPEARED = "drift-wildcard-appeared"
NO_BASELINE = "drift-baseline-missing"


@dataclass(frozen=True, slots=True)
class Selection:
    """Causes of a severity whose rule is of one of the patterns `rules`, any if none, and of none of `but`."""

    severity: str
    rules: tuple[str, ...] = ()
    but: tuple[str, ...] = ()

    def takes(self, rule: str, severity: str) -> bool:
        """Whether a cause is one of these."""
        return severity == self.severity and (not self.rules or _is(rule, self.rules)) and not _is(rule, self.but)

    @property
    def expression(self) -> str:
        """Them as PromQL, one series a domain and rule, in whatever views it is."""
        wanted = f', rule=~"{"|".join(self.rules)}"' if self.rules else ""
        unwanted = f', rule!~"{"|".join(self.but)}"' if self.but else ""
        return f'max without (view) ({CAUSE}{{severity="{self.severity}"{wanted}{unwanted}}})'


def _is(rule: str, patterns: tuple[str, ...]) -> bool:
    return any(re.fullmatch(pattern, rule) for pattern in patterns)


_DRIFT_RULES = tuple(rule.id for rule in CATALOGUE if rule.area == "drift" and rule.id not in (APPEARED, NO_BASELINE))

USERS_AFFECTED = (Selection("critical", but=(CHECK, EXPIRY_RULE, PIN)),)
UNEXPECTED = (Selection("critical", rules=(PIN,)),)
CANNOT_LOOK_CRITICAL = (Selection("critical", rules=(CHECK,)),)
CANNOT_LOOK = (Selection("unknown", but=(EXPIRY_RULE,)), Selection("warning", rules=(CHECK,)))
CATCH_ALL = (Selection("warning", rules=(APPEARED,)),)
DRIFT = (Selection("warning", rules=_DRIFT_RULES),)
WARNING = (Selection("warning", but=(CHECK, EXPIRY_RULE, APPEARED, *_DRIFT_RULES)),)
EXPIRING = tuple(Selection(severity, rules=(EXPIRY_RULE,)) for severity in ("critical", "warning", "unknown"))
"""Those that recording rules turn into their own series."""
