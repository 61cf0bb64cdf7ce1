"""The catalogue: every rule with its default severity, its place in the order of explanation, and its words.

Data only. Grading, causes, help, pages and alert rules read it; `docs/rules/<ID>.md` is made from it. IDs are a
promise to users: never renamed, never reused. The order of the rows is the order of the first line among equals.
"""

from check_autodiscover.core.rules.catalogue.certificate import CERTIFICATE
from check_autodiscover.core.rules.catalogue.check import CHECK
from check_autodiscover.core.rules.catalogue.client import CLIENT
from check_autodiscover.core.rules.catalogue.directory import DIRECTORY
from check_autodiscover.core.rules.catalogue.dns import DNS
from check_autodiscover.core.rules.catalogue.drift import DRIFT
from check_autodiscover.core.rules.catalogue.service import SERVICE
from check_autodiscover.core.rules.rule import Rule

__all__ = ["CATALOGUE", "RULES"]

CATALOGUE: tuple[Rule, ...] = (*CHECK, *DNS, *CERTIFICATE, *SERVICE, *DIRECTORY, *CLIENT, *DRIFT)
"""Every rule, in the order in which equals are named."""

RULES: dict[str, Rule] = {rule.id: rule for rule in CATALOGUE}
"""The catalogue by ID."""
