"""The log of Outlook's Test E-mail AutoConfiguration: its spellings, its codes, and whose it is."""

import re
from itertools import pairwise

import pytest

from check_autodiscover.core.model.clients import Outcome
from check_autodiscover.core.model.policy import ClientName, Step
from check_autodiscover.core.verdict.judge import judge
from check_autodiscover.output.details import log_lines
from tests.core import incidents
from tests.core.incidents import healthy
from tests.core.worlds import DOMAIN, Site, World, certificate, status, survey_of

URL = r"https?://[!-~]+/autodiscover/autodiscover\.xml"
CODE = r"\(0x[0-9A-F]{8}\)"
SPELLINGS = (
    "AUTODISCOVER GET SETTINGS BEGIN",
    f"Autodiscover to {URL} (starting|failed {CODE})",
    f"Redirect check to {URL} (starting|failed {CODE})",
    f"Local autodiscover for contoso.com failed {CODE}",
    f"Srv Record Lookup for contoso.com failed {CODE}",
    f"Attempting URL {URL} found through SCP",
    r"GetLastError=\d+; httpStatus=\d+\.",
    "AutoDiscover supported auth schemes:",
    "Negotiate|NTLM|Basic|Bearer",
    "Autodiscover XML Received",
    r"\[.+\]",
)
"""The lines that an olkdisc.log is known to have, and ours in brackets."""

KNOWN_CODES = {
    *("0x80072EE2", "0x80072EE7", "0x80072EFD", "0x80072EFE", "0x80072F05", "0x80072F06", "0x80072F0C", "0x80072F0D"),
    *("0x80072F17", "0x80072F7D", "0x80072F89", "0x80072F8A", "0x8004010F", "0x80004005", "0x80070057"),
}
"""The HRESULTs of which it is known what they stand for."""

WORLDS = [
    *(healthy(method) for method in ("srv", "host", "exchange-online", "redirect", "none")),
    *(row(method) for row in (incidents.row_1, incidents.row_5, incidents.row_18) for method in ("srv", "host")),
    *(
        row("host")
        for row in (incidents.row_13, incidents.row_25, incidents.row_30, incidents.row_31, incidents.row_32)
    ),
    *(
        row("srv")
        for row in (incidents.row_22, incidents.row_23, incidents.row_24, incidents.row_42, incidents.row_48_before)
    ),
]


def lines_of(world: World | None) -> list[str]:
    assert world is not None
    return list(log_lines(judge(survey_of(world))))


@pytest.mark.parametrize("world", WORLDS)
def test_every_line_of_a_course_is_spelt_as_in_a_real_log_or_stands_in_brackets(world: World | None) -> None:
    for line in lines_of(world):
        if line.startswith("  "):
            assert any(re.fullmatch(spelling, line.strip()) for spelling in SPELLINGS), line
        else:
            assert re.fullmatch(
                r"|\[Lines in brackets .*\]|Log of [a-z0-9, -]+, for contoso\.com:|Result: [a-z-]+( at [a-z0-9]+)?",
                line,
            ), line


@pytest.mark.parametrize("world", WORLDS)
def test_codes_are_known_ones_and_agree_with_the_error_of_their_attempt(world: World | None) -> None:
    lines = lines_of(world)
    for before, line in pairwise(lines):
        if found := re.search(r" failed \((.*)\)", line):
            assert found[1] in KNOWN_CODES
            error = int(found[1], 16) - 0x80070000
            if attempt := re.search(r"GetLastError=(\d+);", before):
                assert int(attempt[1]) == (error if 12000 <= error < 13000 else 0)


def test_each_judged_client_has_its_own_log_those_of_one_course_together_and_nobody_else() -> None:
    heads = [line for line in lines_of(incidents.row_1("srv")) if line.startswith("Log of")]
    assert heads == [
        f"Log of {clients}, inside and outside, for contoso.com:"
        for clients in ("outlook-2016", "outlook-2013, outlook-2010", "ews")
    ]


def test_the_log_is_the_clients_that_are_named() -> None:
    heads = [
        line for line in lines_of(healthy("srv").with_policy(clients=(ClientName.EXCHANGELIB,))) if "Log of" in line
    ]
    assert heads == ["Log of exchangelib, inside and outside, for contoso.com:"]


def test_views_that_differ_have_logs_of_their_own_with_the_status_that_each_met() -> None:
    private = "192.168.16.2"
    world = healthy("host").zone(lambda zone: zone.with_(DOMAIN, incidents.A, private), "inside")
    lines = lines_of(world.site(private, Site(certificate(DOMAIN), status(404))).with_policy(clients=(ClientName.EWS,)))
    heads = [index for index, line in enumerate(lines) if line.startswith("Log of")]
    told = [(lines[index], lines[index + 4].strip()) for index in heads]
    assert told == [
        ("Log of ews, inside, for contoso.com:", "GetLastError=0; httpStatus=404."),
        ("Log of ews, outside, for contoso.com:", "GetLastError=0; httpStatus=200."),
    ]


TOLD = {
    "row 1: a certificate that lacks the name": (incidents.row_1("srv"), "failed (0x80072F06)", "certificate warning"),
    "row 25: a client certificate": (
        incidents.row_30("host"),
        "failed (0x80072F0C)",
        "a client certificate is demanded",
    ),
    "row 13: consent": (healthy("srv"), "httpStatus=401.", "Allow this website to configure"),
    "row 53: a redirect that leads elsewhere": (
        incidents.row_39("redirect"),
        "Redirect check to http://autodiscover.contoso.com/autodiscover/autodiscover.xml failed (0x80004005)",
        "a redirect that is not to Autodiscover",
    ),
    "row 5: no SRV record": (incidents.row_2("srv"), "Srv Record Lookup for contoso.com failed (0x8004010F)", "no SRV"),
    "row 24: a stranger": (incidents.row_13("host"), "  Basic", "the user's password would go to a stranger"),
    "row 50: a panel": (
        incidents.row_24("srv"),
        "Autodiscover XML Received",
        "the user would get a stranger's settings",
    ),
    "row 58: a step that policy skips": (
        healthy("srv").with_policy(skip_steps=(Step.ROOT,)),
        "SETTINGS BEGIN",
        "[root domain: skipped by policy]",
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_what_an_administrator_looks_for_is_in_it(case: str) -> None:
    world, line, words = TOLD[case]
    lines = lines_of(world)
    assert [each for each in lines if line in each], lines
    assert [each for each in lines if words in each and "[" in each], lines


def test_a_url_that_a_client_passes_by_is_not_attempted() -> None:
    world = incidents.row_18("srv").with_policy(clients=(ClientName.EWS,))
    attempts = [line for line in lines_of(world) if "remote.contoso.com" in line and "Autodiscover to" in line]
    assert attempts == []
    assert "  [port 8443 is not 443]" in lines_of(world)


def test_every_outcome_has_a_result_line() -> None:
    results = {line.split()[1] for world in WORLDS for line in lines_of(world) if line.startswith("Result: ")}
    assert results == {outcome.value for outcome in Outcome}
