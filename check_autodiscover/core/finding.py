"""What a rule says, before policy and causality have looked at it."""

from dataclasses import dataclass

from check_autodiscover.core.closed_set import ClosedSet

__all__ = ["Endpoint", "Finding"]


class Endpoint(ClosedSet):
    """The short names of candidates, in the order in which clients meet them; `ZONE` is about the domain's DNS."""

    ZONE = "zone"
    SCP = "scp"
    ROOT = "root"
    AUTODISCOVER = "autodiscover"
    REDIRECT = "redirect"
    SRV = "srv"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is so: neither graded nor explained nor put into words.

    `view` is empty for a finding about several views. `subject` is the name the finding is about; `addresses`
    those of its addresses that it concerns; `args` fill the rule's sentences, by name.
    """

    rule: str
    view: str
    endpoint: Endpoint
    subject: str
    addresses: tuple[str, ...] = ()
    args: tuple[tuple[str, str], ...] = ()

    def arg(self, name: str) -> str:
        """One argument, empty where the rule did not give it."""
        return dict(self.args).get(name, "")
