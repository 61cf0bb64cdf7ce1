"""`autodiscoverctl diagnose`: the tree says what the report says, and a saved survey tells the same again."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from check_autodiscover.core.certificate import Certificate, UnreadableCertificate
from check_autodiscover.core.policy import Policy, Resolver, View
from check_autodiscover.core.survey import Survey
from check_autodiscover.core.survey_json import survey_to_json
from check_autodiscover.ctl.main import main
from check_autodiscover.lab.running import Lab, running
from check_autodiscover.lab.worlds import world_named
from check_autodiscover.run import survey_domain
from check_autodiscover.trust import TrustSettings

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")


@cache
def _survey(world: str) -> Survey:
    with running(world_named(world)) as lab:
        trust = TrustSettings(ca_files=(str(lab.anchor),), system=False)
        return asyncio.run(survey_domain(lab.world.domain, _policy(lab), trust))


def _policy(lab: Lab) -> Policy:
    places = ((name, address.rpartition(":")) for name, address in lab.resolvers.items())
    views = tuple(View(name, (Resolver(host, int(port)),)) for name, (host, _, port) in places)
    declared = lab.world.declared
    return Policy(
        views=views,
        method=declared.method,
        servers=declared.servers,
        https_port=lab.https_port,
        http_port=lab.http_port,
    )


def _saved(survey: Survey, folder: Path) -> str:
    file = folder / "survey.json"
    file.write_text(json.dumps(survey_to_json(survey)))
    return str(file)


@pytest.mark.parametrize("world", ["healthy-srv", "scenario-1-wildcard", "srv-shadowed", "resolver-dead"])
def test_a_saved_survey_ends_with_the_exit_code_and_root_of_its_world(
    world: str, tmp_path: Path, capsys: Capture
) -> None:
    verdict = world_named(world).verdict
    assert main(["diagnose", "--survey", _saved(_survey(world), tmp_path)]) == verdict.state.exit_code
    told = capsys.readouterr().out
    assert told.startswith(f"contoso.com  {verdict.state.value}  ")
    assert (f"[{verdict.root}]" in told) is bool(verdict.root)


def test_the_views_stand_side_by_side_where_the_terminal_is_wide_and_below_one_another_where_not(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _saved(_survey("scenario-1-wildcard"), tmp_path)
    wide = list(_lines_with_both_views(file, capsys))
    monkeypatch.setenv("COLUMNS", "80")
    narrow = list(_lines_with_both_views(file, capsys))
    assert (len(wide), len(narrow)) == (1, 0)


def _lines_with_both_views(file: str, capsys: Capture) -> Iterator[str]:
    main(["diagnose", "--survey", file])
    return (line for line in capsys.readouterr().out.splitlines() if "─ inside ─" in line and "─ outside ─" in line)


def test_the_tree_shows_at_each_candidate_what_is_there_and_what_clients_do(tmp_path: Path, capsys: Capture) -> None:
    main(["diagnose", "--survey", _saved(_survey("healthy-redirect"), tmp_path)])
    told = capsys.readouterr().out
    places = [
        told.index(label)
        for label in (
            "https://contoso.com  root, before",
            "https://autodiscover.contoso.com  autodiscover, before",
            "http://autodiscover.contoso.com  redirect, intended",
            "https://exchange.hoster.example  redirect, intended, after 1 redirect",
        )
    ]
    assert places == sorted(places)
    assert "all clients go on: no connection" in told
    assert "all clients follow: redirect to exchange.hoster.example" in told
    assert "certificate for exchange.hoster.example, exchange" in told


def test_a_cause_comes_with_its_remedy_and_its_consequences_indented_below(tmp_path: Path, capsys: Capture) -> None:
    main(["diagnose", "--survey", _saved(_survey("scenario-1-wildcard"), tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    cause = next(index for index, line in enumerate(lines) if line.startswith("CRITICAL "))
    below = "\n".join(lines[cause:])
    assert "\n    Fix: Remove the record *.contoso.com" in below
    assert "\n    CRITICAL outside autodiscover: certificate of 127.0.100.80" in below


HOSTILE = "\x1b]0;owned\x07[bold]\u202e\n.example"


def test_hostile_text_reaches_the_terminal_neither_raw_nor_as_markup(tmp_path: Path, capsys: Capture) -> None:
    survey = _survey("scenario-1-wildcard")
    contacts = {
        question: replace(contact, tls=replace(contact.tls, chain=tuple(map(_renamed, contact.tls.chain))))
        if contact.tls
        else contact
        for question, contact in survey.contacts.items()
    }
    main(["diagnose", "--survey", _saved(replace(survey, contacts=contacts), tmp_path)])
    told = capsys.readouterr().out
    assert not set("\x1b\x07\u202e") & set(told)
    assert "[bold]" in told


def _renamed(certificate: Certificate | UnreadableCertificate) -> Certificate | UnreadableCertificate:
    if isinstance(certificate, UnreadableCertificate):
        return certificate
    return replace(certificate, dns_names=(HOSTILE,), common_name=HOSTILE)


def test_a_file_that_is_no_survey_is_refused_in_one_line(tmp_path: Path, capsys: Capture) -> None:
    for text in ("{", "[]", '{"schema": 99}', "[" * 100_000):
        (tmp_path / "bad.json").write_text(text)
        assert main(["diagnose", "--survey", str(tmp_path / "bad.json")]) == 3
        assert capsys.readouterr().out.count("\n") == 1


def test_a_saved_survey_of_another_domain_is_refused(tmp_path: Path, capsys: Capture) -> None:
    file = _saved(_survey("healthy-srv"), tmp_path)
    assert main(["diagnose", "fabrikam.com", "--survey", file]) == 3
    assert "about contoso.com, not fabrikam.com" in capsys.readouterr().out


def test_a_domain_is_looked_at_with_the_plugins_options_saved_and_told_the_same_again(
    tmp_path: Path, capsys: Capture
) -> None:
    file = str(tmp_path / "survey.json")
    with running(world_named("scenario-1-host-record")) as lab:
        assert main(["diagnose", "contoso.com", *lab.command[2:], "--save", file]) == 2
    first = capsys.readouterr().out
    assert main(["diagnose", "--survey", file]) == 2
    assert capsys.readouterr().out == first
