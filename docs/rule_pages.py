"""The page of each rule and their index, from the catalogue and the hand-written texts."""

import re
import textwrap
from collections.abc import Iterator
from itertools import groupby

from check_autodiscover.core.rules.catalogue import CATALOGUE, RULES
from check_autodiscover.core.rules.rule import GUIDE, Case, Rule
from check_autodiscover.output.rule_pages import page_of

__all__ = ["AREAS", "CASE_ARGUMENTS", "LEVELS", "documents"]

WIDTH = 100

AREAS = {
    "check": "The check itself could not come to a verdict.",
    "dns": "Records that are missing, too many, or lead elsewhere.",
    "certificate": "What clients are shown before they trust anybody.",
    "service": "What answers, or does not.",
    "directory": "What Active Directory leads domain-joined clients to, which ask it before DNS (`--scp`).",
    "client": "How clients fare. Consequences of the rules above; a cause only if nothing else explains them.",
    "drift": "What is otherwise than accepted (`autodiscoverctl baseline`). A fault tells its own change.",
}
"""The areas in the order of the catalogue, with what they are about."""

LEVELS = {
    1: "it could not be looked at, or does not resolve at all",
    2: "the delegation",
    3: "a catch-all answers",
    4: "a record is missing, unwanted, or leads elsewhere",
    5: "the address",
    6: "the connection and the TLS session",
    7: "the certificate",
    8: "the service's answer",
}
"""The order of explanation: at one place the first that applies is the cause, the later ones are its consequences."""

CASE_ARGUMENTS = {
    ("certificate-addresses-differ", "kinds"): "issuer or kind differ",
    ("certificate-expiring", "critical"): "below `--critical`",
    ("certificate-name-mismatch", "renewed"): "the accepted certificate had the name",
    ("certificate-name-mismatch", "controller"): "a domain controller's certificate",
    ("certificate-name-mismatch", "near"): "a name in it differs by a slip of the pen",
    ("certificate-unexpected", "issuer"): "the issuer's pin",
    ("certificate-expired", "above"): "it is the issuer's that has expired",
    ("certificate-not-yet-valid", "above"): "it is the issuer's that is not yet valid",
    ("certificate-untrusted", "fault"): "the chain is broken for another reason",
    ("drift-baseline-missing", "fault"): "it is there, and cannot be used",
    ("directory-scp-unexpected", "missing"): "an expected URL is missing",
    ("directory-scp-unexpected", "unusable"): "it is no https URL of Autodiscover",
    ("dns-authority-inconsistent", "serial"): "the serial alone differs",
    ("dns-address-unexpected", "missing"): "an expected address is missing, none is wrong",
    ("dns-host-record-missing", "alias"): "it is an alias that ends nowhere",
    ("dns-host-record-missing", "inside_only"): "missing inside, present elsewhere",
    ("dns-nxdomain-rewritten", "honest"): "the view has an honest resolver beside it",
    ("dns-parent-exposed", "basic"): "it asks for Basic authentication",
    ("dns-srv-shadowed", "declared"): "the method is declared, not derived",
    ("dns-wildcard-present", "suffix"): "it stands below a suffix that this host appends to names",
    ("dns-wildcard-present", "declared"): "the catch-all is declared as expected",
    ("dns-wildcard-captures-autodiscover", "declared"): "the catch-all is declared as expected, and clients are served",
    ("service-redirect-invalid", "stray"): "it leads to a host that `--expected-redirect` does not name",
    ("service-redirect-invalid", "nowhere"): "it leads to a host without an address",
    ("service-client-certificate-suspected", "asked"): "it asks everybody for one, and answers 403 to everything",
    ("service-client-certificate-suspected", "refused"): "the page says that one was presented and refused",
    ("service-broken", "busy"): "429, or 503 with Retry-After",
}
"""What the argument that makes a special case of a rule means."""

_INDEX = """# The rules

A finding carries the ID of its rule: the same in the plugin's text, in JSON, in metrics and in alerts. IDs are never
renamed and never used again. `autodiscoverctl rules RULE` prints a rule's page on the spot.

**Severity** below is the default. *Critical if users are hit* means: a client that is judged ends with a warning, at a
stranger, or with nothing, in that view and because of this; else it is a warning. Rules about certificates and services
alarm at the place that clients are meant to use, and at places before it if they stop or mislead somebody there;
elsewhere they are notes. An ellipsis marks rules with special cases, which their pages tell. The exit code comes from
causes alone: a consequence never counts above its cause. `--severity RULE=STATE`, or `severities` in the
[configuration](../configuration.md), sets another for good or until a day; what it accepts stays in the report.

**Cause and consequence**: in one view and at one place the first of this order that applies is the cause; what comes
later follows from it.

{order}

**Rules 1 to 3, Scenarios 1 to 3** in the last column are those of the operations guide that this project began with:

| | in our words |
|---|---|
{guide}
"""


def documents() -> dict[str, str]:
    """The rules' pages and their index, by path."""
    return {"rules/README.md": _index(), **{f"rules/{rule.id}.md": _page(rule) for rule in CATALOGUE}}


def _index() -> str:
    order = "\n".join(f"{level}. {text}" for level, text in LEVELS.items())
    areas = (_area(name, tuple(rules)) for name, rules in groupby(CATALOGUE, key=lambda rule: rule.area))
    guide = "\n".join(f"| {name} | {text} |" for name, text in GUIDE.items())
    return _INDEX.format(order=order, guide=guide) + "\n" + "\n".join(areas)


def _area(name: str, rules: tuple[Rule, ...]) -> str:
    rows = (f"| [`{rule.id}`]({rule.id}.md) | {rule.title} | {_usual(rule)} | {rule.seed} |" for rule in rules)
    head = "| rule | | severity | about |\n|---|---|---|---|"
    return f"## {name}\n{AREAS[name]}\n\n{head}\n" + "\n".join(rows) + "\n"


def _usual(rule: Rule) -> str:
    """The default severity, marked where the rule's page knows another."""
    others = any(case.default is not rule.default for case in rule.cases)
    return rule.default.value + (" (\u2026)" if others else "")


def _page(rule: Rule) -> str:
    table = "\n".join(f"| {key} | {value} |" for key, value in _rows(rule))
    sentences = "\n".join(_block(text) for text in dict.fromkeys(_sentences(rule)))
    remedies = "\n".join(_block(text) for text in dict.fromkeys(_remedies(rule)))
    return (
        f"# {rule.id}\n{rule.title}.\n\n| | |\n|---|---|\n{table}\n\n"
        f"It says, with names and addresses in place of the words in braces:\n{sentences}\n"
        f"And what to do:\n{remedies}\n\n{_linked(rule.id, page_of(rule.id))}"
    )


def _rows(rule: Rule) -> Iterator[tuple[str, str]]:
    yield "severity", rule.default.value
    for case in rule.cases:
        yield _place(rule, case), case.default.value
    if rule.seed:
        yield "about", f"[{rule.seed}](README.md)"
    yield "order of explanation", _order(rule)


def _order(rule: Rule) -> str:
    if rule.level:
        return f"{rule.level} of {max(LEVELS)}: {LEVELS[rule.level]}"
    return "outside the [order](README.md): a cause of its own, or a consequence of the fault that explains it"


def _place(rule: Rule, case: Case) -> str:
    """Where a case holds, as `under exchange-online, at root`."""
    methods = "under " + " and ".join(f"`{method.value}`" for method in case.methods) if case.methods else ""
    places = "at " + " and ".join(f"`{endpoint.value}`" for endpoint in case.endpoints) if case.endpoints else ""
    argument = CASE_ARGUMENTS[rule.id, case.arg] if case.arg else ""
    return ", ".join(part for part in (methods, places, argument) if part)


def _sentences(rule: Rule) -> Iterator[str]:
    yield rule.sentence
    yield from (case.sentence for case in rule.cases if case.sentence)


def _remedies(rule: Rule) -> Iterator[str]:
    yield rule.remedy
    yield from (case.remedy for case in rule.cases if case.remedy)


def _block(template: str) -> str:
    plain = template.replace("[[", "").replace("]]", "")
    return f"```text\n{textwrap.fill(plain, WIDTH, break_long_words=False, break_on_hyphens=False)}\n```"


_CODE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_NAMED = re.compile(r"`([a-z]+(?:-[a-z0-9]+)+)`")


def _linked(own: str, text: str) -> str:
    """A hand-written text with each other rule that it names as a link."""

    def link(match: re.Match[str]) -> str:
        name = match.group(1)
        return f"[`{name}`]({name}.md)" if name in RULES and name != own else match.group(0)

    prose = _CODE.split(text)
    code = [*_CODE.findall(text), ""]
    return "".join(_NAMED.sub(link, part) + block for part, block in zip(prose, code, strict=True))
