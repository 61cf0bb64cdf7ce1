"""The plugin as a monitoring system starts it: exit codes, and that standard output has it all."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from check_autodiscover.lab.running import Lab, running
from check_autodiscover.lab.worlds import world_named

TOP = Path(__file__).parents[2]
NOWHERE = ("-H", "contoso.com", "-s", "127.0.0.1:1", "-t", "1")
START = "import sys; sys.path.insert(0, {top!r}); {first}; from check_autodiscover import plugin; {last}"


def check(
    *argv: str, first: str = "pass", last: str = "plugin.run()", **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run the plugin in isolated mode, after a statement of the test's, or with another end."""
    code = START.format(top=str(TOP), first=first, last=last)
    environment = {"PATH": os.environ["PATH"], **settings}
    # Without a fallback, what the locale cannot write would be an error here too.
    return subprocess.run(
        (sys.executable, "-I", "-c", code, *argv), capture_output=True, encoding="ascii", env=environment, check=False
    )


@pytest.fixture(scope="module")
def trapped() -> Iterator[Lab]:
    with running(world_named("scenario-1-wildcard")) as lab:
        yield lab


def test_a_verdict_is_printed_with_its_exit_code(trapped: Lab) -> None:
    done = check(*trapped.command)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.startswith(
        "AUTODISCOVER CRITICAL - contoso.com: outside, catch-all *.contoso.com answers autodiscover.contoso.com"
    )
    first = done.stdout.partition("\n")[0].partition(" | ")
    assert first[0].endswith(": Outlook warns [dns-wildcard-captures-autodiscover]")
    labels = "time causes_critical causes_warning causes_unknown cert_left drift"
    views = (f"{label}_{view}" for view in ("inside", "outside") for label in ("warned", "addr", "dns", "left"))
    assert [item.partition("=")[0] for item in first[2].split(" ")] == [*labels.split(), *views]


def test_a_fine_domain_is_0_in_every_form() -> None:
    with running(world_named("healthy-srv")) as lab:
        for form in ("text", "json", "log"):
            done = check(*lab.command, "-o", form)
            assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("argv", [("--help",), ("-V",), (), ("--bogus",), ("-H", "contoso.com", "-w", "1-10")])
def test_whatever_is_no_verdict_is_3_on_standard_output(argv: tuple[str, ...]) -> None:
    done = check(*argv)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout


def test_a_mistake_is_told_on_the_first_line_with_a_way_to_the_help() -> None:
    first, second, end = check("-H", "contoso.com", "-w", "a|b\u202e\n").stdout.split("\n")
    assert first.startswith(r"AUTODISCOVER UNKNOWN - -w/--warning: 'a\x7cb\u202e\x0a' is no certificate life")
    assert (second, end) == ("See check_autodiscover --help.", "")


def test_an_unusable_ca_file_is_3_and_named(tmp_path: Path) -> None:
    done = check(*NOWHERE, "-r", str(tmp_path / "none.pem"))
    assert (done.returncode, done.stderr) == (3, "")
    assert re.fullmatch(r"AUTODISCOVER UNKNOWN - contoso\.com: [^\n]*none\.pem[^\n]*\n", done.stdout)


@pytest.mark.parametrize(
    ("module", "package"),
    [("OpenSSL", "pyOpenSSL"), ("nagiosplugin", "nagiosplugin"), ("h11", "h11")],
)
def test_a_missing_module_is_3_and_told_with_what_to_install(module: str, package: str, trapped: Lab) -> None:
    done = check(*trapped.command, first=f"sys.modules[{module!r}] = None")
    assert (done.returncode, done.stderr) == (3, "")
    assert re.fullmatch(rf"AUTODISCOVER UNKNOWN - contoso\.com: .*\b{module}\b.*pip install {package}\n", done.stdout)


def test_dns_library_is_missed_only_where_a_reply_needs_it(trapped: Lab) -> None:
    without = "sys.modules['dns'] = None"
    assert check(*trapped.command, first=without).returncode == 2
    with running(world_named("unresolvable")) as lab:
        done = check(*lab.command, first=without)
    assert (done.returncode, done.stderr) == (3, "")
    assert re.fullmatch(r"AUTODISCOVER UNKNOWN - contoso\.com: .*\bdns\b.*pip install dnspython\n", done.stdout)


def test_dns_over_https_without_its_extra_is_3_and_told_with_what_to_install() -> None:
    argv = ("-H", "contoso.com", "--view", "outside=https://127.0.0.1/dns-query")
    done = check(*argv, first="sys.modules['httpcore2'] = None")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout == (
        "AUTODISCOVER UNKNOWN - contoso.com: DNS over HTTPS needs more packages: "
        "the extra 'doh', as in pip install '.[doh]' in a checkout\n"
    )


WITHOUT_BONSAI = "import importlib.util as u; u.find_spec = lambda name: None"
WITH_BONSAI = "import importlib.util as u; u.find_spec = lambda name: True"


def test_a_directory_without_its_extra_is_3_and_told_with_what_to_install() -> None:
    done = check(*NOWHERE, "--scp", "ldaps://127.0.0.1", first=WITHOUT_BONSAI)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout == (
        "AUTODISCOVER UNKNOWN - contoso.com: --scp needs more packages: "
        "the extra 'directory', as in pip install '.[directory]' in a checkout\n"
    )


@pytest.mark.parametrize("content", [None, "", "\n", "two\nlines\n", "x" * 2000])
def test_a_password_file_that_cannot_be_used_is_3_and_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "scp.pw"
    if content is not None:
        file.write_text(content)
    login = ("--scp-user", "svc@contoso.com", "--scp-password-file", str(file))
    done = check(*NOWHERE, "--scp", "ldaps://127.0.0.1", *login, first=WITH_BONSAI)
    assert (done.returncode, done.stderr) == (3, "")
    assert re.fullmatch(r"AUTODISCOVER UNKNOWN - contoso\.com: password file [^\n]*scp\.pw: [^\n]*\n", done.stdout)


def test_help_needs_no_library() -> None:
    blocked = "; ".join(f"sys.modules[{name!r}] = None" for name in ("dns", "OpenSSL", "cryptography", "nagiosplugin"))
    assert check("--help", first=blocked).stdout.startswith("usage: check_autodiscover -H DOMAIN")


BUG = "import check_autodiscover.core.verdict.judge as j; j.judge = lambda survey, now: [][now]"


def test_a_bug_of_ours_is_one_line_and_3() -> None:
    done = check(*NOWHERE, first=BUG)
    assert (done.returncode, done.stderr) == (3, "")
    assert re.fullmatch(
        r"AUTODISCOVER UNKNOWN - contoso\.com: internal error, please report: "
        r"TypeError in check_autodiscover\.plugin:\d+ \[check-internal-error\]\n",
        done.stdout,
    )


def test_a_bug_in_reading_the_command_line_is_3_too() -> None:
    done = check(*NOWHERE, first="import check_autodiscover.config.commandline as c; c.parse_arguments = abs")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("AUTODISCOVER UNKNOWN - internal error, please report: TypeError in ")


def test_a_bug_of_ours_comes_with_its_traceback_for_those_who_ask() -> None:
    first, *rest = check(*NOWHERE, "-vvv", first=BUG).stdout.splitlines()
    assert first.endswith("[check-internal-error]")
    assert rest[0] == "Traceback (most recent call last):"
    assert rest[-1].startswith("TypeError: ")


def test_an_interruption_is_3() -> None:
    interrupt = (
        "import check_autodiscover.checker.loop as r; r.plan = lambda survey: (_ for _ in ()).throw(KeyboardInterrupt)"
    )
    done = check(*NOWHERE, first=interrupt)
    assert (done.returncode, done.stdout) == (
        3,
        "AUTODISCOVER UNKNOWN - contoso.com: interrupted before there was a verdict\n",
    )


@pytest.mark.parametrize("output", ["pipe", "full", "none"])
def test_an_output_that_nobody_reads_changes_no_exit_code_and_is_no_complaint(output: str, trapped: Lab) -> None:
    closed = {
        "pipe": "import os; r, w = os.pipe(); os.close(r); os.dup2(w, 1)",
        "full": "import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)",
        "none": "sys.stdout = None",
    }
    done = check(*trapped.command, first=closed[output])
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LC_ALL": "C.UTF-8"}])
def test_output_survives_any_locale(locale: dict[str, str]) -> None:
    done = check("-H", "contoso.com", "-w", "\u00fc", **locale)
    assert (done.returncode, done.stderr) == (3, "")
    assert r"\xfc" in done.stdout or r"\udc" in done.stdout


FOR_OTHERS = {"cattrs", "prometheus_client", "yaml", "rich", "trustme", "jinja2", "bonsai"}
OF_DIRECTORIES = {"core.analysis.directory", "core.rules.directory", "probes.directory"}
WHEN_ASKED_FOR = {*OF_DIRECTORIES, "output.report_json", "output.details", "config.file", "config.yaml", "ctl", "lab"}


def test_a_normal_run_imports_nothing_that_it_does_not_need(trapped: Lab) -> None:
    imported = set(check(*trapped.command, last="plugin.main(); print(*sys.modules, file=sys.stderr)").stderr.split())
    assert "nagiosplugin" in imported
    assert not imported & {*FOR_OTHERS, *(f"check_autodiscover.{name}" for name in WHEN_ASKED_FOR)}
