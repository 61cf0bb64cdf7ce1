"""`autodiscoverctl sweep` as a person uses it, against the lab: results, exit codes, refusals, kills and Ctrl-C."""

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from check_autodiscover.ctl.main import main
from check_autodiscover.lab.running import Lab
from tests.ctl.sweep.worlds import options_of, served

Capture = pytest.CaptureFixture[str]

COMMAND = (sys.executable, "-m", "check_autodiscover.ctl", "sweep")

MANY = tuple(f"d{number}.example" for number in range(150))
"""Domains that do not exist: each is a verdict."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with served() as running:
        yield running


@pytest.fixture
def listed(tmp_path: Path) -> str:
    file = tmp_path / "customers.txt"
    file.write_text("# ours\ncontoso.com\nfabrikam.example\n")
    return str(file)


def domains_in(text: str) -> list[str]:
    return [json.loads(line)["domain"] for line in text.splitlines()]


def test_the_gravest_verdict_is_the_exit_code_and_the_table_names_the_causes(
    lab: Lab, listed: str, capsys: Capture
) -> None:
    assert main(["sweep", listed, *options_of(lab)]) == 2
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.startswith(
        "2 domains: 1 WARNING, 1 CRITICAL\n\nCRITICAL dns-domain-unresolvable: fabrikam.example\n"
    )
    assert "\nWARNING dns-unwanted-host-record at 127.0.16.2: contoso.com\n" in told.out
    assert "\n    Fix: Delete the record autodiscover.contoso.com.\n" in told.out


def test_a_line_that_is_no_domain_is_told_on_standard_error_and_counts_as_unknown(
    lab: Lab, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "customers.txt"
    file.write_text("contoso.com\nnot a domain\n")
    assert main(["sweep", str(file), *options_of(lab), "-o", "jsonl"]) == 3
    told = capsys.readouterr()
    assert domains_in(told.out) == ["contoso.com"]
    assert told.err == f"autodiscoverctl: {file}:2: 'not a domain' is not a name: it contains a space\n"


def test_the_table_counts_the_lines_that_are_no_domain(lab: Lab, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "customers.txt"
    file.write_text("contoso.com\nnot a domain\n")
    assert main(["sweep", str(file), *options_of(lab)]) == 3
    assert capsys.readouterr().out.startswith("1 domain: 1 WARNING; 1 line is no domain\n\n")
    file.write_text("contoso.com\nnot a domain\n-\n")
    assert main(["sweep", str(file), *options_of(lab)]) == 3
    assert capsys.readouterr().out.startswith("1 domain: 1 WARNING; 2 lines are no domain\n\n")


def test_the_domains_of_a_configuration_are_swept_each_by_what_it_declares(
    lab: Lab, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "autodiscover.yml"
    known = "domains: {contoso.com: {severities: {dns-unwanted-host-record: ok}}, fabrikam.example: {}}\n"
    file.write_text(known)
    assert main(["sweep", "--config", str(file), *options_of(lab), "-o", "csv"]) == 2
    _, *rows = capsys.readouterr().out.splitlines()
    assert sorted(row.split(",")[:2] for row in rows) == [["contoso.com", "OK"], ["fabrikam.example", "CRITICAL"]]


@pytest.mark.parametrize(
    ("argv", "fault"),
    [
        ([], "sweep needs a FILE with a domain a line, - for standard input, or --config with domains"),
        (["no-such-file"], "no-such-file: No such file or directory"),
        (["LIST", "--resume"], "--resume goes on with the results of an earlier sweep: name them, --save FILE"),
        (["LIST", "--save", "no/where"], "no/where: No such file or directory"),
        (["LIST", "-H", "contoso.com"], "-H/--hostname/--domain: the domains are those of the list"),
        (["LIST", "--no-such"], "unrecognized arguments: --no-such"),
        (["LIST", "-m", "telepathy"], "-m/--method: 'telepathy' is no method"),
        (["LIST", "-r", "no-such.pem"], "no-such.pem"),
        (["LIST", "--from-exporter", "http://127.0.0.1:1"], "--from-exporter: for check_autodiscover alone"),
        (["LIST", "--dask", "tcp://127.0.0.1:1"], "--dask tcp://127.0.0.1:1: no scheduler answers there"),
        (["LIST", "--dask", "http://127.0.0.1:1"], "there (unknown address scheme 'http'"),
        (["LIST", "--dask", "tls://127.0.0.1:1"], "there (TLS expects a `ssl_context` argument"),
        (["LIST", "--dask", "nonsense"], "there (missing port number in address 'nonsense')"),
    ],
)
def test_what_cannot_be_done_is_one_line_on_standard_error_before_anything_is_looked_at(
    argv: list[str], fault: str, listed: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("check_autodiscover.ctl.sweep.cluster.CONNECT_SECONDS", 0.2)
    assert main(["sweep", *(listed if word == "LIST" else word for word in argv), "-o", "jsonl"]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert fault in told.err


@pytest.mark.parametrize("number", ["0", "-3", "many", "1001", "1e3", "\N{ARABIC-INDIC DIGIT THREE}"])
@pytest.mark.parametrize("option", ["--jobs", "--per-name-server"])
def test_numbers_of_domains_at_a_time_are_numbers(option: str, number: str, listed: str, capsys: Capture) -> None:
    assert main(["sweep", listed, f"{option}={number}"]) == 3
    assert f"{option}: {number!r} is no number from 1 to 1000" in capsys.readouterr().out.encode().decode(
        "unicode-escape"
    )


@pytest.mark.parametrize("words", [["sweep", "-", "--save="], ["sweep", "-", "--dask="], ["diagnose", "x", "--save="]])
def test_an_empty_name_is_no_wish_to_have_nothing_kept(words: list[str], capsys: Capture) -> None:
    assert main(words) == 3
    assert "it names nothing" in capsys.readouterr().out


def test_a_later_sweep_goes_on_where_the_file_ends_and_tells_all_of_it(
    lab: Lab, listed: str, tmp_path: Path, capsys: Capture
) -> None:
    kept = tmp_path / "results.jsonl"
    sweep = ["sweep", listed, *options_of(lab), "--save", str(kept)]
    assert main([*sweep, "-o", "jsonl"]) == 2
    first = capsys.readouterr().out
    assert kept.read_text() == first
    # As if it had been killed while it wrote the second.
    kept.write_text(first[: first.index("\n") + 40])
    assert main([*sweep, "-o", "jsonl", "--resume"]) == 2
    told = capsys.readouterr()
    assert sorted(domains_in(told.out)) == ["contoso.com", "fabrikam.example"]
    assert told.out == kept.read_text()
    assert told.err.startswith("autodiscoverctl: 1 of 2 domains were done before, since 20")
    assert main(sweep) == 3
    assert "go on with it by --resume" in capsys.readouterr().err


def test_results_of_domains_that_left_the_list_are_kept_and_not_told(
    lab: Lab, listed: str, tmp_path: Path, capsys: Capture
) -> None:
    kept = tmp_path / "results.jsonl"
    main(["sweep", listed, *options_of(lab), "--save", str(kept)])
    before = kept.read_text()
    Path(listed).write_text("contoso.com\n")
    assert main(["sweep", listed, *options_of(lab), "--save", str(kept), "--resume"]) == 1
    assert "\n1 domain: 1 WARNING\n" in capsys.readouterr().out
    assert kept.read_text() == before


def test_what_was_looked_at_with_other_options_is_not_gone_on_with(
    lab: Lab, listed: str, tmp_path: Path, capsys: Capture
) -> None:
    kept = tmp_path / "results.jsonl"
    sweep = ["sweep", listed, *options_of(lab), "--save", str(kept)]
    assert main(sweep) == 2
    before = kept.read_text()
    capsys.readouterr()
    assert main([*sweep, "--resume", "--server", "mail.contoso.com"]) == 3
    told = capsys.readouterr()
    assert (told.out, told.err.partition(" was looked at with other options")[0]) == (
        "",
        f"autodiscoverctl: {kept}: {domains_in(before)[0]}",
    )
    assert kept.read_text() == before
    # How the result is told, and how hard is asked, changes no verdict.
    assert main([*sweep, "--resume", "-o", "csv", "--jobs", "1", "-v"]) == 2


def many(tmp_path: Path) -> str:
    file = tmp_path / "many.txt"
    file.write_text("\n".join(MANY))
    return str(file)


def started(lab: Lab, listed: str, kept: Path, *options: str) -> "subprocess.Popen[str]":
    """A sweep in a process of its own that has told its first results."""
    # A few at a time, so that most are still to be done.
    sweep = (*COMMAND, listed, *options_of(lab), "--save", str(kept), "--jobs", "4", *options)
    # Whoever is started in the background, as tests may be, has Ctrl-C ignored, and its children too.
    argv = ("env", "--default-signal=INT", *sweep)
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    for _ in range(3):
        process.stdout.readline()
    return process


def test_killed_in_the_middle_it_is_gone_on_with_and_no_domain_is_missing_or_there_twice(
    lab: Lab, tmp_path: Path
) -> None:
    kept = tmp_path / "results.jsonl"
    process = started(lab, many(tmp_path), kept, "-o", "jsonl")
    process.kill()
    process.communicate()
    assert 0 < len(kept.read_text().splitlines()) < len(MANY)
    argv = (*COMMAND, many(tmp_path), *options_of(lab), "--save", str(kept), "--resume")
    assert subprocess.run(argv, capture_output=True, check=False).returncode == 2
    assert sorted(domains_in(kept.read_text())) == sorted(MANY)


def test_ctrl_c_ends_it_with_what_is_known_and_how_to_go_on(lab: Lab, tmp_path: Path) -> None:
    kept = tmp_path / "results.jsonl"
    process = started(lab, many(tmp_path), kept, "-o", "jsonl")
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == 3
    done = len(domains_in(kept.read_text()))
    assert 0 < done < len(MANY)
    ending = f": --save {kept} --resume goes on with the rest\n"
    assert told == f"autodiscoverctl: stopped, after {done} of {len(MANY)} domains{ending}"


def test_a_reader_that_has_seen_enough_is_no_fault_and_there_is_no_verdict_then(lab: Lab, tmp_path: Path) -> None:
    process = started(lab, many(tmp_path), tmp_path / "results.jsonl", "-o", "csv")
    assert process.stdout
    process.stdout.close()
    process.stdout = None
    _, told = process.communicate()
    assert (told, process.returncode) == ("", 3)


@pytest.mark.parametrize(
    ("outputs", "exit_code", "told"),
    [
        (">/dev/full", 3, "autodiscoverctl: standard output: No space left on device\n"),
        (">/dev/full 2>&1", 3, ""),
        (">&-", 1, ""),
        ("2>/dev/full", 3, ""),
        ("2>&-", 3, ""),
    ],
)
def test_outputs_that_are_full_or_closed_change_no_verdict_to_another(
    outputs: str, exit_code: int, told: str, lab: Lab, tmp_path: Path
) -> None:
    domains = tmp_path / "customers.txt"
    domains.write_text("contoso.com\n" + ("two words\n" if outputs.startswith("2") else ""))
    command = shlex.join((*COMMAND, str(domains), *options_of(lab), "-o", "csv"))
    done = subprocess.run(("sh", "-c", f"exec {command} {outputs}"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (exit_code, told)
    if outputs.startswith("2"):
        assert [line.partition(",")[0] for line in done.stdout.splitlines()] == ["domain", "contoso.com"]


def test_a_terminal_is_shown_how_far_it_has_come_and_a_file_is_not(lab: Lab, listed: str) -> None:
    ours, theirs = pty.openpty()
    argv = (*COMMAND, listed, *options_of(lab))
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:
        # How Linux says that nobody has the other end any more.
        pass
    assert process.stdout
    assert process.stdout.read().startswith(b"2 domains: ")
    process.wait()
    process.stdout.close()
    os.close(ours)
    assert b"2/2" in shown
    assert b"1 WARNING, 1 CRITICAL" in shown
