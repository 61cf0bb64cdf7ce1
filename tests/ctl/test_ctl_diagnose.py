"""`autodiscoverctl diagnose`: the tree says what the report says, and a saved survey tells the same again."""

import asyncio
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from check_autodiscover.checker.checker import survey_domain
from check_autodiscover.core.model.certificate import Certificate, UnreadableCertificate
from check_autodiscover.core.model.policy import Expectations, Expected, Policy, Resolver, Step, TrustSettings, View
from check_autodiscover.core.model.survey import Survey, survey_to_json
from check_autodiscover.ctl.common import CommandError, load_survey, save_survey
from check_autodiscover.ctl.main import main
from check_autodiscover.lab.running import Lab, running
from check_autodiscover.lab.worlds import world_named

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


def _told(world: str, columns: int, folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    main(["diagnose", "--survey", _saved(_survey(world), folder)])
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(("columns", "beside"), [(160, True), (120, True), (80, True), (60, False)])
def test_the_views_stand_side_by_side_where_there_is_room_and_below_one_another_where_not(
    columns: int, beside: bool, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = _told("scenario-1-wildcard", columns, tmp_path, capsys, monkeypatch)
    addresses = [line for line in lines if "127.0.16.5" in line and "127.0.113.7" in line]
    below = [line for line in lines if line.startswith("├── inside")]
    assert (bool(addresses), bool(below)) == (beside, not beside)
    assert max(map(len, lines)) <= columns


def test_how_each_client_fares_is_told_first_those_not_judged_in_parentheses(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = _told("scenario-1-wildcard", 240, tmp_path, capsys, monkeypatch)
    rows = [re.split(r" {2,}", line.strip()) for line in lines[3:9]]
    outlook = "configured at srv, after consent"
    assert rows == [
        ["method", "srv: declared", "srv: declared"],
        ["outlook-2016, outlook-2013, outlook-2010", outlook, "CERTIFICATE WARNING at autodiscover"],
        ["ews", "configured at srv", "configured at srv"],
        ["(outlook-2007)", "FIND NOTHING", "CERTIFICATE WARNING at autodiscover"],
        ["(exchangelib)", "configured at srv", "configured at srv"],
        ["(outlook-mobile)", "not known", "not known"],
    ]


def test_the_tree_shows_at_each_step_what_is_there_and_what_clients_do(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "\n".join(_told("healthy-redirect", 240, tmp_path, capsys, monkeypatch))
    places = [
        told.index(label)
        for label in (
            "https://contoso.com  before",
            "https://autodiscover.contoso.com  before",
            "=> go on (0x80072EFD)",
            "http://autodiscover.contoso.com  intended",
            "redirects to exchange.hoster.example",
            "=> follow",
            ">  redirect to https://exchange.hoster.example",
            "certificate of exchange.hoster.example; asks for a login, as Exchange does",
            "=> outlook-2016, outlook-2013, outlook-2010 (outlook-2007): configured, after consent",
            "=> ews (exchangelib): configured",
        )
    ]
    assert sorted(places[3:]) == places[3:]
    assert places[0] < places[1] < places[3]


SHOWN = {
    "one-address-of-two": ("CERTIFICATE WARNING, 127.0.100.80: the certificate lacks", "server; no step leads here"),
    "srv-two-targets-one-broken": (">  https://second.contoso.com", "second.contoso.com: has expired"),
    "resolver-dead": ("not known, the name could not be looked up", "SRV record  intended"),
    "hybrid-alias-host": ("alias of autodiscover.outlook.com, then", "PASSWORD TO A STRANGER"),
    "slow-root": ("127.0.113.7: no answer", "=> go on (0x80072EE2)"),
    "foreign-settings": ("A STRANGER'S SETTINGS", "gives Autodiscover settings"),
    "wrong-port": (">  https://remote.contoso.com (port 8443)", "ews (exchangelib): go on, port 8443 is not 443"),
    "srv-missing": ("=> go on, no SRV record (0x8004010F)", "FIND NOTHING"),
    "expired": ("autodiscover.contoso.com: has expired", "CERTIFICATE WARNING (0x80072F05)"),
    "none-clean": ("none: declared", "=> go on (0x80072EE7)"),
}


@pytest.mark.parametrize("world", SHOWN)
@pytest.mark.parametrize("columns", [80, 120, 240])
def test_every_kind_of_world_fits_the_terminal_and_names_what_is_there(
    world: str, columns: int, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = _told(world, columns, tmp_path, capsys, monkeypatch)
    assert max(map(len, lines)) <= columns
    assert columns < 240 or [words for words in SHOWN[world] if not any(words in line for line in lines)] == []


def test_a_step_that_policy_skips_is_shown_with_what_stands_there(tmp_path: Path, capsys: Capture) -> None:
    survey = _survey("root-domain-trap")
    main(["diagnose", "--survey", _saved(replace(survey, policy=_skipping(survey.policy)), tmp_path)])
    told = capsys.readouterr().out
    assert "https://contoso.com  skipped" in told
    assert "lacks contoso.com" in told
    assert "=> skipped, by policy" in told


def _skipping(policy: Policy) -> Policy:
    return replace(policy, skip_steps=(Step.ROOT,))


def test_a_cause_comes_with_its_remedy_and_its_consequences_indented_below(tmp_path: Path, capsys: Capture) -> None:
    main(["diagnose", "--survey", _saved(_survey("scenario-1-wildcard"), tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    cause = next(index for index, line in enumerate(lines) if line.startswith("CRITICAL "))
    below = "\n".join(lines[cause:])
    assert "\n    Fix: Remove the record *.contoso.com" in below
    assert "\n    CRITICAL certificate of 127.0.100.80" in below


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


def _with_policy(survey: Survey, **changes: Any) -> Survey:
    return replace(survey, policy=replace(survey.policy, **changes))


def _named(survey: Survey, domain: str) -> Survey:
    return replace(survey, domain=domain)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "it is empty"),
        ("{", "it is cut off (line 1: Expecting property name enclosed in double quotes)"),
        ('{"schema": 1, "domain": "contoso', "it is cut off (line 1: Unterminated string starting at)"),
        ("autodiscover.yml: {}", "it is not JSON (line 1: Expecting value)"),
        ("\xff\xfe\xfd", "it is not JSON"),
        ("[" * 100_000, "it is nested too deeply to be a survey"),
        ("[]", "$: a survey is an object"),
        ('{"schema": 2}', "$.schema: a newer program wrote version 2; this one reads 1"),
        ('{"schema": 1, "survey": {}}', "$: this is a report; its member `survey` is what can be judged again"),
        ('{"schema": 1}', "$.domain: it is missing"),
        ('{"schema": 1, "started": 1' + "0" * 5000 + "}", "it is not JSON"),
        (" " * (32 * 1024 * 1024 + 1), "it is larger than 32 MiB, the limit for a survey"),
    ],
    ids=lambda value: value[:20].strip() or "much",
)
def test_a_file_that_is_no_survey_is_refused_in_one_line_that_says_why(
    content: str, fault: str, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "bad.json"
    file.write_bytes(content.encode("latin-1"))
    assert main(["diagnose", "--survey", str(file)]) == 3
    assert capsys.readouterr().out == f"autodiscoverctl: {file}: {fault}\n"


def test_a_survey_cut_off_anywhere_is_refused_in_one_line(tmp_path: Path, capsys: Capture) -> None:
    file = Path(_saved(_survey("healthy-srv"), tmp_path))
    whole = file.read_bytes()
    for end in range(0, len(whole) - 1, len(whole) // 50):
        file.write_bytes(whole[:end])
        assert main(["diagnose", "--survey", str(file)]) == 3
        told = capsys.readouterr().out
        assert "it is cut off" in told or "it is empty" in told
        assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"views": ()}, "it has no view, so nothing was looked at"),
        ({"expect": Expectations((Expected("nowhere"),))}, "no run can have seen this (ValueError when it was judged)"),
    ],
    ids=["no-view", "no-network"],
)
def test_a_file_that_no_run_can_have_written_is_refused_in_one_line(
    changes: dict[str, object], fault: str, tmp_path: Path, capsys: Capture
) -> None:
    file = _saved(_with_policy(_survey("healthy-srv"), **changes), tmp_path)
    assert main(["diagnose", "--survey", file]) == 3
    assert capsys.readouterr().out == f"autodiscoverctl: {file}: {fault}\n"


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07", "a\nAUTODISCOVER OK - all fine", "a=1 b", ""])
def test_a_view_that_nobody_can_have_named_is_refused_and_forges_nothing(
    name: str, tmp_path: Path, capsys: Capture
) -> None:
    survey = _survey("healthy-srv")
    first, *others = survey.policy.views
    file = _saved(_with_policy(survey, views=(replace(first, name=name), *others)), tmp_path)
    assert main(["diagnose", "--survey", file, "-o", "text"]) == 3
    told = capsys.readouterr().out
    assert told.startswith(f"autodiscoverctl: {file}: ")
    assert told.count("\n") == 1
    assert "\x1b" not in told


def test_what_a_refused_file_names_reaches_no_terminal_raw(tmp_path: Path, capsys: Capture) -> None:
    file = _saved(_named(_survey("healthy-srv"), "\x1b]0;owned\x07.example"), tmp_path)
    assert main(["diagnose", "contoso.com", "--survey", file]) == 3
    assert not set("\x1b\x07") & set(capsys.readouterr().out)


def test_a_saved_survey_is_its_owners_alone_and_never_half_there(tmp_path: Path) -> None:
    file = tmp_path / "survey.json"
    file.write_text("an older one")
    file.chmod(0o644)
    save_survey(_survey("healthy-srv"), str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_survey(str(file)) == _survey("healthy-srv")
    assert list(tmp_path.iterdir()) == [file]


def test_a_survey_that_cannot_be_written_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "survey.json"
    file.write_text("an older one")
    # No real disk breaks on request.
    monkeypatch.setattr("os.fsync", _full_disk)
    with pytest.raises(CommandError, match="No space left"):
        save_survey(_survey("healthy-srv"), str(file))
    assert file.read_text() == "an older one"
    assert list(tmp_path.iterdir()) == [file]


def _full_disk(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_place_that_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    for place in (str(tmp_path), "/dev/null"):
        with pytest.raises(CommandError, match="not a regular file"):
            save_survey(_survey("healthy-srv"), place)
    assert Path("/dev/null").is_char_device()


FORMS = ((), ("-o", "text"), ("-o", "text", "-vvv"), ("-o", "text", "--no-perfdata"), ("-o", "log"), ("-o", "json"))


@pytest.mark.parametrize("form", FORMS, ids=" ".join)
def test_a_saved_survey_reads_in_every_form_as_the_run_did(
    form: tuple[str, ...], tmp_path: Path, capsys: Capture
) -> None:
    file = str(tmp_path / "survey.json")
    with running(world_named("scenario-1-host-record")) as lab:
        assert main(["diagnose", "contoso.com", *lab.command[2:], *form, "--save", file]) == 2
    live = capsys.readouterr().out
    assert main(["diagnose", "--survey", file, *form]) == 2
    assert capsys.readouterr().out == live


def test_a_saved_survey_of_another_domain_is_refused(tmp_path: Path, capsys: Capture) -> None:
    file = _saved(_survey("healthy-srv"), tmp_path)
    assert main(["diagnose", "fabrikam.com", "--survey", file]) == 3
    assert "about contoso.com, not fabrikam.com" in capsys.readouterr().out


def test_a_terminal_that_knows_ascii_alone_shows_the_same(tmp_path: Path) -> None:
    file = _saved(_survey("scenario-1-wildcard"), tmp_path)
    command = (sys.executable, "-m", "check_autodiscover.ctl", "diagnose", "--survey", file)
    plain = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "160"}
    done = subprocess.run(command, capture_output=True, text=True, env=plain)
    assert (done.returncode, done.stderr) == (2, "")
    assert "CERTIFICATE WARNING at autodiscover" in done.stdout
    assert done.stdout.isascii()


def test_a_redacted_survey_tells_the_same_verdict_and_no_name(tmp_path: Path, capsys: Capture) -> None:
    file, shown = _saved(_survey("scenario-1-wildcard"), tmp_path), tmp_path / "shown.json"
    assert main(["diagnose", "--survey", file, "--redact", "--save", str(shown), "-o", "text"]) == 2
    told = capsys.readouterr().out
    assert "[dns-wildcard-captures-autodiscover]" in told
    assert "contoso" not in told + shown.read_text()
    assert main(["diagnose", "--survey", str(shown), "-o", "text"]) == 2
    assert capsys.readouterr().out == told
