"""What a rule's page tells to type runs, and shows something, or finds nothing where nothing is wrong."""

import re

import pytest

from check_autodiscover.core.rules.catalogue import CATALOGUE
from check_autodiscover.core.rules.rule import Rule
from check_autodiscover.output.rule_pages import page_of
from tests.docs.contoso import MISTYPED, Contoso

NOT_RUN = {
    "Get-ClientAccessService": "the Exchange Management Shell's",
    "ldapsearch -LLL": "it asks for a password",
    "ldapwhoami": "a login by such a name is Active Directory's",
    "curl -v --ntlm": "it asks for a password",
    "whois": "it asks a registry",
}
"""What cannot be run here, by how it begins."""

FOUND_NOTHING = {
    "dns-nxdomain-rewritten": [(1, "nslookup nobody-made-this-7431.invalid 192.0.2.53")],
    "service-redirect-loop": [(1, "grep -i location")],
    "service-redirect-address": [(2, "check_autodiscover -H fabrikam.com")],
}
"""What ends with another code than 0 where nothing is wrong, by rule: no such name, no redirect, no such domain."""

FAILED = re.compile(r"^@@ (\d+) (.*)\n", re.MULTILINE)


def statements(rule: Rule) -> list[str]:
    """The commands of a page, each with the lines that it goes on in."""
    section = re.split(r"^## (.*)\n", page_of(rule.id), flags=re.MULTILINE)
    blocks = re.findall(r"^```\n(.*?)^```$", section[section.index("See it yourself") + 1], re.DOTALL | re.MULTILINE)
    return [statement for block in blocks for statement in re.findall(r"(?:.*[\\|]\n)*.*\n", block)]


def is_run(statement: str) -> bool:
    return not statement.startswith(tuple(NOT_RUN))


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.id)
def test_what_a_page_tells_to_type_shows_something(rule: Rule, contoso: Contoso) -> None:
    script = "".join(filter(is_run, statements(rule)))
    done = contoso.shell(f"trap 'echo \"@@ $? $BASH_COMMAND\"' ERR\n{script}")
    failed = [(int(code), command) for code, command in FAILED.findall(done.stdout)]
    assert failed == FOUND_NOTHING.get(rule.id, []), done.stdout
    assert bool(done.stdout.strip()) == bool(script)
    assert not MISTYPED.search(done.stdout), done.stdout


def test_whatever_is_not_run_stands_on_a_page() -> None:
    typed = [statement for rule in CATALOGUE for statement in statements(rule)]
    assert [begin for begin in NOT_RUN if not any(statement.startswith(begin) for statement in typed)] == []
