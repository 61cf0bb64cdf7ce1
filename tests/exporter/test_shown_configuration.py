"""`/config`: what holds, as a file that means the same, and nothing that is secret."""

from dataclasses import replace
from pathlib import Path

from autodiscover_exporter.endpoints.operations import render_configuration
from check_autodiscover.config.file import Configuration, Module, load_configuration
from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.model.report import Report
from tests.exporter.conftest import Start
from tests.exporter.reports import HEALTHY, ScriptedProbe

HEX = "ab" * 32
EVERYTHING = f"""\
views:
  inside: {{resolvers: [10.0.0.2, "tcp://10.0.0.3:5353"], ca_files: [corp-ca.pem], method: host, skip_steps: [root]}}
  outside: {{resolvers: ["tls://192.0.2.53#dns.example"], connect: false}}
  dmz: {{resolvers: [authoritative], role: outside}}
timeout: 8s
system_trust: false
severities: {{dns-wildcard-present: ok}}
user_agent: ours
skip_steps: [srv]
modules:
  default: {{certificate: {{warning: 21d, critical: 7d/10%}}, clients: [outlook-2016, ews], connect_timeout: 1500ms}}
  cloud: {{method: exchange-online, ca_files: [other.pem], baseline: {{path: accepted}}}}
domains:
  contoso.com:
    method: {{outside: srv}}
    servers: [remote.contoso.com]
    expect:
      addresses: [192.0.2.1]
      views: {{outside: {{addresses: [203.0.113.10], srv: [remote.contoso.com]}}}}
      public_keys: ["sha256:{HEX}"]
    severities:
      "outside:certificate-name-mismatch@root": {{state: warning, until: 2027-01-31, reason: "CHG: 123"}}
    labels: {{customer: contoso, note: "yes"}}
  fabrikam.com: {{module: cloud}}
  bücher.example: {{scp: {{url: "ldaps://dc1.bücher.example", user: svc, password_file: scp.pw}}}}
  bare.example:
  emptied.example: {{clients: [ews], skip_steps: [], severities: {{}}}}
targets: {{allow: ["*.contoso.com", fabrikam.net], deny_networks: [192.0.2.0/24]}}
schedule: {{interval: 5m, concurrency: 7}}
cache: 0s
"""


def _again(configuration: Configuration, folder: Path) -> Configuration:
    file = folder / "shown.yml"
    file.write_bytes(render_configuration(configuration))
    return load_configuration(str(file))


def test_what_is_shown_is_a_file_that_means_the_same(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text(EVERYTHING, encoding="utf-8")
    first = load_configuration(str(file))
    again = _again(first, tmp_path)
    assert (again.views, again.allowed, again.denied) == (first.views, first.allowed, first.denied)
    assert again.rhythm == first.rhythm
    assert list(again.domains) == list(first.domains)
    for domain in ("", *first.domains):
        assert _meant(again.settled(domain)) == _meant(first.settled(domain))
    for domain in first.domains:
        assert again.domains[domain].labels == first.domains[domain].labels
    assert _meant(again.settled(module="cloud")) == _meant(first.settled(module="cloud"))


def _meant(module: Module) -> tuple[Module, list[Method]]:
    """The module, and the method of each view, which may be said of it or of all."""
    policy = module.policy
    methods = [policy.declared_method(view.name) for view in policy.views]
    return replace(module, policy=replace(policy, method=Method.AUTO, methods=())), methods


def test_without_a_file_what_is_built_in_is_shown(tmp_path: Path) -> None:
    again = _again(Configuration(), tmp_path)
    assert again.settled() == Configuration().settled()
    assert again.allowed is None


def test_the_page_shows_it_as_plain_text_and_no_password(start: Start, tmp_path: Path) -> None:
    (tmp_path / "scp.pw").write_text("hunter2\n")
    file = tmp_path / "exporter.yml"
    file.write_text(EVERYTHING, encoding="utf-8")
    with start(ScriptedProbe(_healthy), load_configuration(str(file))) as serving:
        answer = serving.ask("/config")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert str(tmp_path / "scp.pw") in answer.text
    assert "hunter2" not in answer.text


def _healthy() -> Report:
    return HEALTHY
