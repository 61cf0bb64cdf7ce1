"""The rules' pages are written for somebody who reads them at night, on a terminal."""

import re

import pytest

from check_autodiscover.config.options import OPTIONS
from check_autodiscover.core.rules.catalogue import CATALOGUE, RULES
from check_autodiscover.core.rules.rule import Rule
from check_autodiscover.output.rule_pages import page_of

NEEDED = ["What it means", "How it is proven", "See it yourself", "Fix"]
LAST = "Not this rule"
AREAS = {rule.area for rule in CATALOGUE}
PROGRAMS = (
    "autodiscoverctl",
    "check_autodiscover",
    "curl",
    "delv",
    "dig",
    "ldapsearch",
    "nslookup",
    "openssl",
)
OWN_FLAGS = {"--network", "--pool", "--yes"}
"""Those of `autodiscoverctl baseline accept` alone."""
FLAGS = {flag for option in OPTIONS for flag in option.flags}

by_id = pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.id)


def sections(rule: Rule) -> dict[str, str]:
    parts = re.split(r"^## (.*)\n", page_of(rule.id), flags=re.MULTILINE)
    assert parts[0] == ""
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@by_id
def test_a_page_says_what_how_and_what_to_do_in_that_order(rule: Rule) -> None:
    found = sections(rule)
    assert list(found) in (NEEDED, [*NEEDED, LAST])
    assert all(text.strip() for text in found.values())
    assert len(re.findall(r"[.?!](?:\s|$)", found["What it means"])) >= 2


@by_id
def test_a_page_shows_a_command_to_see_it_with(rule: Rule) -> None:
    blocks = re.findall(r"^```\n(.*?)^```$", sections(rule)["See it yourself"], re.DOTALL | re.MULTILINE)
    commands = [line.removeprefix("time ").split()[0] for block in blocks for line in block.splitlines()]
    assert set(commands) & set(PROGRAMS)


@by_id
def test_a_page_fits_a_terminal_and_is_plain_text(rule: Rule) -> None:
    page = page_of(rule.id)
    assert page.isascii()
    assert max(map(len, page.splitlines())) <= 100
    assert page.count("```") % 2 == 0


@by_id
def test_a_page_names_rules_and_options_that_exist(rule: Rule) -> None:
    page = page_of(rule.id)
    named = re.findall(r"`((?:" + "|".join(AREAS) + r")(?:-[a-z]+)+)`", page)
    assert [name for name in named if name not in RULES] == []
    options = re.findall(r"`(--?[A-Za-z][a-z0-9-]*)[ `=]", page)
    assert [flag for flag in options if flag not in FLAGS | OWN_FLAGS | {"-vvv"}] == []
