"""`autodiscoverctl config`: mistakes line by line, what holds for a domain and why, and the schema of the file."""

import datetime
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from check_autodiscover.config.describe import effective, schema
from check_autodiscover.config.file import POLICY, ConfigurationError, Module, load_configuration
from check_autodiscover.core.model.policy import LifeLeft, Method, Resolver, Transport
from check_autodiscover.ctl.main import main
from docs.configuration_page import EXAMPLE

Capture = pytest.CaptureFixture[str]
FULL = (
    EXAMPLE
    + """
ca_paths: [certs]
method: {outside: srv}
skip_steps: [office365]
servers: [mail.contoso.com]
scp: {url: ldaps://dc1.contoso.com, site: London, user: svc@contoso.com, password_file: scp.pw}
severities: {"inside:dns-srv-port@srv": unknown}
"""
)


def meaning(file: Path, domain: str = "contoso.com") -> tuple[Module, list[Method]]:
    """What a file means for a domain, however its methods are put, and whether or not it names the domain."""
    settled = load_configuration(str(file)).settled(domain)
    methods = [settled.policy.declared_method(view.name) for view in settled.policy.views]
    return replace(settled, policy=replace(settled.policy, method=Method.AUTO, methods=(), denied_networks=())), methods


@pytest.fixture
def written(tmp_path: Path) -> Path:
    file = tmp_path / "file.yml"
    file.write_text(FULL)
    return file


def told(capsys: Capture, *argv: str) -> str:
    assert main(["config", *argv]) == 0
    return capsys.readouterr().out


def test_a_right_file_is_told_in_a_line(written: Path, capsys: Capture) -> None:
    assert told(capsys, "check", str(written)) == (
        f"{written}: right: views inside, outside; modules default; 2 domains; "
        "others that may be asked for: *.contoso.com\n"
    )


def test_every_mistake_is_a_line_and_the_exit_code_3(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "file.yml"
    file.write_text("timeout: x\nmodules: {a: {timeot: 3s}}\n'a|b\\e': 1\n")
    assert main(["config", "check", str(file)]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [f"{file}:{number}" for number in (1, 2, 3)]
    assert "|" not in lines[2]


@pytest.mark.parametrize("argv", [["config"], ["config", "check"], ["config", "check", "f", "--domain", "x"]])
def test_what_cannot_be_asked_is_one_line_and_3(argv: list[str], capsys: Capture) -> None:
    assert main(argv) == 3
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize("domain", ["contoso.com", "fabrikam.com", "other.example"])
def test_what_holds_for_a_domain_is_a_configuration_that_means_the_same(
    domain: str, written: Path, tmp_path: Path, capsys: Capture
) -> None:
    text = told(capsys, "check", str(written), "--domain", domain)
    again = tmp_path / "again.yml"
    again.write_text(text)
    assert meaning(again, domain) == meaning(written, domain)
    assert load_configuration(str(again)).domains[domain].labels == (
        {"customer": "contoso"} if domain == "contoso.com" else {}
    )


def test_each_key_is_told_with_the_level_that_says_so(written: Path, capsys: Capture) -> None:
    lines = [line.strip() for line in told(capsys, "check", str(written), "--domain", "contoso.com").splitlines()]
    for line in (
        "https_port: 443  # built in",
        "skip_steps: [office365]  # the top level",
        "timeout: 10s  # the module default",
        "servers: [remote.contoso.com]  # the domain",
        "method: {inside: host, outside: srv}  # built in and the top level and the domain",
    ):
        assert line in lines
    assert any(line.startswith("severities: ") and line.endswith("# the top level and the domain") for line in lines)


def test_a_domain_that_may_not_be_asked_for_is_told_as_such(written: Path, capsys: Capture) -> None:
    assert told(capsys, "check", str(written), "--domain", "other.example").startswith("# other.example is not conf")
    assert told(capsys, "check", str(written), "--domain", "a.contoso.com").startswith("views:")


@pytest.mark.parametrize(
    "value",
    [
        "certificate: {warning: 100d/30%, critical: 36h}",
        "certificate: {warning: 50%, critical: 12.5%}",
        "timeout: 1.25s",
        "timeout: 500ms",
        "user_agent: 'null'",
        "user_agent: 'check \"a\" #1: {x}'",
        "expect: {issuers: ['~', 'true', '1', 'a: b', 'Ärzte e.V.']}",
        "severities: {dns-srv-port: {state: ok, reason: 'say \"no\" # not: {a}'}}",
        "system_trust: false",
    ],
)
def test_any_value_comes_back_from_what_is_told(value: str, tmp_path: Path, capsys: Capture) -> None:
    file, again = tmp_path / "file.yml", tmp_path / "again.yml"
    file.write_text(value, encoding="utf-8")
    again.write_text(told(capsys, "check", str(file), "--domain", "contoso.com"), encoding="utf-8")
    assert meaning(again) == meaning(file)


RESOLVERS = (
    Resolver("192.0.2.1"),
    Resolver("2001:db8::1", 54),
    Resolver("192.0.2.1", 853, Transport.TLS, "dns.example"),
    Resolver("dns.example", 443, Transport.HTTPS, "", "/dns-query"),
)


@pytest.mark.parametrize("resolver", [each.label for each in RESOLVERS] + ["system", "authoritative"])
def test_a_resolver_is_told_as_it_can_be_given(resolver: str, tmp_path: Path, capsys: Capture) -> None:
    file, again = tmp_path / "file.yml", tmp_path / "again.yml"
    file.write_text(json.dumps({"views": {"v": {"resolvers": [resolver], "role": "inside", "connect": "false"}}}))
    again.write_text(told(capsys, "check", str(file), "--domain", "contoso.com"))
    assert load_configuration(str(again)).views == load_configuration(str(file)).views


def test_a_life_of_hours_is_told_in_hours(tmp_path: Path) -> None:
    file = tmp_path / "file.yml"
    file.write_text("certificate: {warning: 720.5h, critical: 7d}")
    configuration = load_configuration(str(file))
    values = {path: value for path, value, _ in effective(configuration, "contoso.com")}
    assert values["certificate", "warning"] == "720.5h"
    assert configuration.settled().policy.thresholds.warning == LifeLeft(round(720.5 * 3600))


def plain(text: str) -> Any:
    """The document as JSON has it: a day is a text."""
    return json.loads(json.dumps(yaml.safe_load(text), default=str))


def objections(document: object) -> list[str]:
    """What the schema says against a document."""
    jsonschema = pytest.importorskip("jsonschema")
    return [error.message for error in jsonschema.Draft202012Validator(schema()).iter_errors(document)]


def test_the_schema_is_one_and_is_printed(capsys: Capture) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema())
    assert json.loads(told(capsys, "schema")) == schema()


@pytest.mark.parametrize("text", [EXAMPLE, FULL, "{}", "domains: {contoso.com: , fabrikam.com: {}}"])
def test_the_schema_takes_what_the_loader_takes(text: str, tmp_path: Path) -> None:
    file = tmp_path / "file.yml"
    file.write_text(text)
    load_configuration(str(file))
    assert objections(plain(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "unknown: 1",
        "schedule: {concurrency: 8}",
        "views: {inside: {}}",
        "views: {inside: {resolvers: []}}",
        "method: magic",
        "timeout: soon",
        "timeout: 0",
        "servers: one",
        "servers: [a.b, a.b]",
        "clients: []",
        "https_port: 70000",
        "certificate: {warning: x}",
        "expect: {public_keys: [ab]}",
        "expect: {views: {inside: {issuers: [a]}}}",
        "severities: {dns-srv-port: {until: 2027-01-31}}",
        "severities: {dns-srv-port: fine}",
        "domains: {contoso.com: {unknown: 1}}",
        "modules: {a: {labels: {a: b}}}",
    ],
)
def test_what_the_schema_refuses_the_loader_refuses(text: str, tmp_path: Path) -> None:
    file = tmp_path / "file.yml"
    file.write_text(text)
    with pytest.raises(ConfigurationError):
        load_configuration(str(file))
    assert objections(plain(text))


VALUES = st.sampled_from(["srv", "none", "a.b", 5, 0, True, None, "30d", "ok", "192.0.2.1"]) | st.lists(
    st.sampled_from(["a.b", "root", "ews", "192.0.2.1"]), max_size=2
)
SECTIONS = st.dictionaries(st.sampled_from(["warning", "critical", "url", "path", "srv", "views", "state"]), VALUES)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(document=st.dictionaries(st.sampled_from([*POLICY, "domains"]), VALUES | SECTIONS, max_size=2))
def test_the_schema_refuses_nothing_that_the_loader_takes(tmp_path: Path, document: dict[str, Any]) -> None:
    file = tmp_path / "file.yml"
    file.write_text(json.dumps(document))
    try:
        load_configuration(str(file))
    except ConfigurationError:
        return
    assert objections(document) == []


def test_a_day_of_yaml_is_a_text_of_the_schema() -> None:
    assert isinstance(yaml.safe_load("2027-01-31"), datetime.date)
    assert plain("2027-01-31") == "2027-01-31"
