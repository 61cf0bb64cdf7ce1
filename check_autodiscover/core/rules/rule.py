"""What a row of the catalogue holds.

`Rule.seed` quotes the rules and scenarios of the operations guide that this project began with.
"""

from dataclasses import dataclass
from enum import Enum

from check_autodiscover.core.model.finding import Endpoint, Finding
from check_autodiscover.core.model.policy import Method

__all__ = ["GUIDE", "Case", "Default", "Rule"]


class Default(Enum):
    """How grave a rule is unless policy says otherwise; the value is what help and pages print."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTE = "ok (a note)"
    UNKNOWN = "unknown"
    HARM = "critical if users are hit, else warning"
    """C* of the catalogue: CRITICAL when a judged client ends badly in that view because of it."""
    USE = "critical if a client is configured there, warning if warned, else ok"
    """For a domain that should have no Autodiscover at all."""
    TIMEOUT_RESULT = "--timeout-result"


@dataclass(frozen=True, slots=True)
class Case:
    """Another default, and maybe other words, where method, endpoint and argument fit; empty means any.

    Another remedy goes with an argument: what to do depends on what is found, not on the method.
    """

    default: Default
    methods: tuple[Method, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    arg: str = ""
    sentence: str = ""
    remedy: str = ""

    def fits(self, finding: Finding, method: Method) -> bool:
        """Whether this case is the finding's."""
        return (
            (not self.methods or method in self.methods)
            and (not self.endpoints or finding.endpoint in self.endpoints)
            and (not self.arg or bool(finding.arg(self.arg)))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the catalogue.

    `level` is the place in the order of explanation, 1 first (0: explained by others, or a root of its own).
    `sentence` and `remedy` are templates: `{name}` is an argument of the finding, `[[...]]` a part that is left out
    when one of its arguments is empty. `seed` names the rule or scenario of the customer's text, `rows` those of the
    failure-mode catalogue.
    """

    id: str
    title: str
    default: Default
    sentence: str
    remedy: str
    level: int = 0
    cases: tuple[Case, ...] = ()
    seed: str = ""
    rows: tuple[int, ...] = ()

    @property
    def area(self) -> str:
        """The part of the ID before the first hyphen: `check`, `dns`, `certificate`, `service`, `client`."""
        return self.id.partition("-")[0]


GUIDE = {
    "Rule 1": "with a certificate for one name only, `autodiscover.contoso.com` must not exist, inside or outside; a "
    "catch-all counts as existing",
    "Rule 2": "with such a certificate an SRV record leads to the host that the certificate names",
    "Rule 3": "a record at `autodiscover.contoso.com` wants a certificate that covers it: several names, a wildcard, "
    "or that very name",
    "Scenario 1": "the record exists beside a certificate for one name: clients warn, though the server may be the "
    "right one",
    "Scenario 2": "the record leads to a wrong address, where a completely different certificate is shown",
    "Scenario 3": "Active Directory gives the right URL, its virtual directory fails (client certificates, "
    "0x80072F0C), and clients fall back to DNS and meet 1 or 2",
}
"""What each says, in our words."""
