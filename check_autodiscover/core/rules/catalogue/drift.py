"""The rows about what has changed since a baseline was accepted: `drift-*`."""

from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.rules.rule import Case, Default, Rule

__all__ = ["DRIFT"]

_ACCEPT = "{accept}"

DRIFT = (
    Rule(
        id="drift-delegation",
        title="The domain is delegated to other name servers",
        default=Default.HARM,
        level=2,
        cases=(Case(Default.WARNING, (Method.NONE,)),),
        sentence="name servers of {subject} are {new}, not {old}[[ (accepted {since})]]",
        remedy="If nobody moved the domain, see who did: whois {subject}, dig +trace {subject} NS; a registration that "
        "lapsed is parked. If it was meant, [[accept it: {accept}]][[declare them: {declare}]].",
    ),
    Rule(
        id="drift-record",
        title="A record is not what was accepted",
        default=Default.WARNING,
        sentence="{kind} of {subject} changed since {since}: was {old}, is {new}",
        remedy=f"Undo the change of {{subject}}, or accept it: {_ACCEPT}",
        seed="all",
    ),
    Rule(
        id="drift-wildcard-appeared",
        title="A catch-all appeared",
        default=Default.WARNING,
        sentence="catch-all {subject} is new since {since}",
        remedy=f"Remove the record {{subject}}, or accept it: {_ACCEPT}",
        seed="Rule 1",
    ),
    Rule(
        id="drift-wildcard-gone",
        title="A catch-all is gone",
        default=Default.NOTE,
        sentence="catch-all {subject}, accepted {since}, is gone",
        remedy=f"Accept it: {_ACCEPT}",
    ),
    Rule(
        id="drift-certificate-names-lost",
        title="A certificate lost names",
        default=Default.WARNING,
        sentence="certificate of {subject} lost {lost} since {since}",
        remedy=f"Reissue it with {{lost}}, or accept it: {_ACCEPT}",
    ),
    Rule(
        id="drift-certificate-replaced",
        title="A certificate was replaced by one of another make",
        default=Default.WARNING,
        sentence="certificate of {subject} is {new}, was {old} ({since})",
        remedy=f"See who replaced it and why; if it was meant, accept it: {_ACCEPT}",
        seed="Scenario 2",
    ),
    Rule(
        id="drift-certificate-renewed",
        title="A certificate was renewed",
        default=Default.NOTE,
        sentence="certificate of {subject} was renewed since {since}: same issuer, names kept",
        remedy=f"Nothing to do; to have it in the baseline: {_ACCEPT}",
    ),
    Rule(
        id="drift-walk-changed",
        title="A client ends elsewhere than accepted",
        default=Default.WARNING,
        sentence="{clients} ended as {old} ({since}), now {new}",
        remedy=f"See what changed; if it was meant, accept it: {_ACCEPT}",
        seed="all",
    ),
    Rule(
        id="drift-baseline-missing",
        title="The baseline cannot be had",
        default=Default.WARNING,
        cases=(Case(Default.UNKNOWN, arg="fault", sentence="baseline {path} cannot be used: {fault}"),),
        sentence="no baseline of {subject} was accepted ({path})",
        remedy="Look at what is there[[, remove or restore {broken}]], then accept it with the options of this check: "
        f"{_ACCEPT}",
    ),
)
