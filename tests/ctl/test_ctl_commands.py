"""`autodiscoverctl` as a person uses it: its commands, exit codes and refusals."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from check_autodiscover import __version__
from check_autodiscover.config.file import load_configuration
from check_autodiscover.core.rules.catalogue import CATALOGUE
from check_autodiscover.ctl.main import main
from check_autodiscover.lab.worlds import WORLDS

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        ([], "COMMAND"),
        (["unknown"], "unknown"),
        (["rules", "dns-srv-missing", "more"], "more"),
        (["rules", "--verbose"], "--verbose"),
        (["rules", "dns-srv-mising"], "did you mean dns-srv-missing"),
        (["lab", "list", "--hold-seconds", "soon"], "--hold-seconds"),
        (["lab", "list", "--hold-seconds", "inf"], "--hold-seconds"),
        (["lab", "list", "--hold-seconds", "nan"], "--hold-seconds"),
        (["lab", "list", "--hold-seconds", "-1"], "--hold-seconds"),
        (["lab", "--world", "no-such"], "no world 'no-such'"),
        (["lab", "--folder", "/dev/null/folder"], "/dev/null/folder"),
        (["diagnose"], "needs a DOMAIN"),
        (["diagnose", "-4", "contoso.com"], "needs a DOMAIN before its options"),
        (["diagnose", "--survey", "no-such.json"], "no-such.json: No such file"),
        (["diagnose", "--survey", "x.json", "-4"], "-4 has no effect on a saved survey"),
    ],
)
def test_what_cannot_be_done_is_one_line_that_names_it_and_exit_code_3(
    argv: list[str], named: str, capsys: Capture
) -> None:
    assert main(argv) == 3
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.count("\n") == 1
    assert named in told.out


def test_rules_lists_every_rule(capsys: Capture) -> None:
    assert main(["rules"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [rule.id for rule in CATALOGUE]


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.id)
def test_a_rule_is_explained_with_severity_and_remedy_in_lines_that_fit(rule: object, capsys: Capture) -> None:
    name = getattr(rule, "id", "")
    assert main(["rules", name]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{name}\n")
    assert "Severity" in told
    assert "Fix" in told
    assert "[[" not in told
    assert max(map(len, told.splitlines())) <= 100


def test_lab_list_names_every_world_with_its_verdict(capsys: Capture) -> None:
    assert main(["lab", "list"]) == 0
    rows = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]
    assert rows == [[world.name, world.verdict.state.value] for world in WORLDS]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_lab_tells_how_to_look_at_its_world_with_each_program_and_ends_well_when_told_to(
    ending: signal.Signals, tmp_path: Path
) -> None:
    command = (sys.executable, "-m", "check_autodiscover.ctl", "lab", "--world", "expired")
    there = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=there) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        process.send_signal(ending)
        assert process.wait() == 0
    assert list(tmp_path.iterdir()) == []
    told = "".join(lines)
    assert "certificate-expired" in told
    for program in (
        "check_autodiscover -H contoso.com ",
        "autodiscoverctl diagnose contoso.com ",
        "autodiscover_exporter ",
    ):
        assert f"\n{program}" in told


def test_a_reader_that_has_seen_enough_is_no_fault_and_was_not_told_all() -> None:
    program = (
        "import os; r, w = os.pipe(); os.close(r); os.dup2(w, 1); "
        "import sys; sys.argv = ['autodiscoverctl', 'rules']; from check_autodiscover.ctl import run; run()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "")


def test_lab_keeps_its_configuration_and_its_ca_in_a_folder_that_is_named(tmp_path: Path, capsys: Capture) -> None:
    assert main(["lab", "--hold-seconds", "0", "--folder", str(tmp_path / "lab")]) == 0
    assert f"--config.file {tmp_path}/lab/exporter.yml" in capsys.readouterr().out
    assert list(load_configuration(str(tmp_path / "lab" / "exporter.yml")).domains) == ["contoso.com"]


@pytest.mark.parametrize("words", [["diagnose", "contoso.com"], ["baseline", "show", "contoso.com"], ["sweep", "-"]])
def test_the_plugins_option_for_its_version_tells_it(words: list[str], capsys: Capture) -> None:
    assert main([*words, "-V"]) == 0
    assert capsys.readouterr().out == f"check_autodiscover {__version__}\n"


@pytest.mark.parametrize("words", [["diagnose", "contoso.com"], ["sweep", "LIST"]])
def test_an_extra_that_is_not_installed_is_named(
    words: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # How Python has a module not be there, whether it is installed or not.
    monkeypatch.setitem(sys.modules, "bonsai", None)
    listed = tmp_path / "list"
    listed.write_text("contoso.com\n")
    options = ["-s", "127.0.0.1", "--scp", "ldap://127.0.0.1"]
    assert main([str(listed) if word == "LIST" else word for word in words] + options) == 3
    told = capsys.readouterr()
    assert told.out == (
        "autodiscoverctl: --scp needs more packages: "
        "the extra 'directory', as in pip install '.[directory]' in a checkout\n"
    )
    assert told.err == ""
