"""`autodiscoverctl rules`: the catalogue and the rules' pages as text."""

import difflib
import textwrap
from collections.abc import Iterator

from check_autodiscover.core.rules.catalogue import CATALOGUE, RULES
from check_autodiscover.core.rules.rule import GUIDE, Case, Rule
from check_autodiscover.ctl.common import CommandError
from check_autodiscover.output.rule_pages import page_of

__all__ = ["explain", "overview"]

WIDTH = 100


def overview() -> str:
    """Every rule on a line: ID and title."""
    width = max(len(rule.id) for rule in CATALOGUE)
    return "\n".join(f"{rule.id:<{width}}  {rule.title}" for rule in CATALOGUE)


def explain(name: str) -> str:
    """All about one rule. Raises CommandError for an unknown one, naming what it may have meant."""
    if name not in RULES:
        near = difflib.get_close_matches(name, RULES, n=3)
        raise CommandError(f"no rule {name!r}{'; did you mean ' + ', '.join(near) + '?' if near else ''}")
    rule = RULES[name]
    return "\n".join([rule.id, f"  {rule.title}", "", *(_row(*row) for row in _rows(rule)), "", page_of(name).rstrip()])


def _rows(rule: Rule) -> list[tuple[str, str]]:
    rows = [("Severity", rule.default.value)]
    rows += [("", f"{case.default.value} {_place(case)}") for case in rule.cases]
    rows += [("Says", _plain(rule.sentence)), ("Fix", _plain(rule.remedy))]
    rows += [("About" if first else "", text) for first, text in _about(rule.seed)]
    return rows


def _about(seed: str) -> Iterator[tuple[bool, str]]:
    """What a rule's seed names of the guide, in words; whether it is the first."""
    named = (name for name in seed.split(", ") if name in GUIDE)
    for number, name in enumerate(named):
        yield not number, f"{name} of the operations guide: {GUIDE[name]}"


def _plain(template: str) -> str:
    return template.replace("[[", "").replace("]]", "")


def _place(case: Case) -> str:
    """Where a case holds, as `under exchange-online at root`."""
    methods = "under " + ", ".join(method.value for method in case.methods) if case.methods else ""
    places = "at " + ", ".join(endpoint.value for endpoint in case.endpoints) if case.endpoints else ""
    return " ".join(part for part in (methods, places, f"({case.arg})" if case.arg else "") if part)


def _row(label: str, text: str) -> str:
    lead = f"  {label:<10}"
    return textwrap.fill(text, WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead), break_long_words=False)
