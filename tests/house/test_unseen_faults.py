"""What no check can see from outside is said on the page where somebody looks for it."""

import pytest

from check_autodiscover.output.rule_pages import page_of

SAID = {
    "row 38, behind the proxy": ("service-login-interrupted", "cannot be told from here"),
    "row 39": ("service-no-authentication", "Extended\nProtection"),
    "row 39, its fix": ("service-no-authentication", "ExtendedProtectionTokenChecking None"),
    "row 56, after a login": ("service-xml-error", "after a login\nalone"),
    "row 57": ("service-xml-error", "ExternalUrl"),
    "row 58": ("client-finds-nothing", "PreferLocalXML"),
    "row 53": ("service-redirect-invalid", "`Exclude...` values in the registry"),
}


@pytest.mark.parametrize("row", SAID)
def test_a_page_says_what_cannot_be_seen(row: str) -> None:
    rule, words = SAID[row]
    assert words in page_of(rule)
