"""The configuration file: what each level declares, which wins, and that a bad file is told and never a crash."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from check_autodiscover.config import yaml as yaml_nodes
from check_autodiscover.config.commandline import BadFile, parse_arguments
from check_autodiscover.config.file import (
    DOMAIN,
    POLICY,
    SCHEDULE,
    SEVERITY,
    TARGETS,
    TOP,
    VIEW,
    Configuration,
    ConfigurationError,
    Module,
    UnknownModule,
    load_configuration,
)
from check_autodiscover.config.yaml import MOST_FAULTS
from check_autodiscover.core.model.policy import (
    DAY,
    ClientName,
    Expected,
    LifeLeft,
    Method,
    Policy,
    Resolver,
    Step,
    View,
    ViewRole,
)
from check_autodiscover.core.model.states import SeverityOverride, State
from check_autodiscover.named_files import CONFIGURATION

PIN = "ab" * 32
EXAMPLE = f"""
views:
  inside:  {{resolvers: [10.0.0.2], ca_files: [corp-ca.pem]}}
  outside: {{resolvers: ["tls://192.0.2.53#dns.example"], connect: true}}
modules:
  default:
    method: auto
    timeout: 10s
    certificate: {{warning: 30d/25%, critical: 14d/15%}}
    clients: [outlook-2016]
    severities: {{}}
domains:
  contoso.com:
    module: default
    method: srv
    servers: [remote.contoso.com]
    expect:
      views:
        outside: {{addresses: [203.0.113.10], srv: [remote.contoso.com]}}
        inside: {{addresses: [192.168.16.2]}}
      public_keys: ["sha256:{PIN}"]
    severities: {{dns-wildcard-present: {{state: ok, until: 2027-01-31, reason: "CHG-123"}}}}
    labels: {{customer: contoso}}
  fabrikam.com: {{}}
targets: {{allow: ["*.contoso.com"]}}
"""


def loaded(folder: Path, text: str, only: str = "") -> Configuration:
    file = folder / "file.yml"
    file.write_text(text)
    return load_configuration(str(file), only)


def policy(folder: Path, text: str, domain: str = "contoso.com") -> Policy:
    return loaded(folder, text).settled(domain).policy


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        loaded(folder, text)
    return [str(fault).removeprefix(f"{folder}/") for fault in raised.value.faults]


def test_a_domain_has_what_is_said_of_it_and_of_its_module(tmp_path: Path) -> None:
    settled = loaded(tmp_path, EXAMPLE).settled("contoso.com")
    assert settled.trust.ca_files == (str(tmp_path / "corp-ca.pem"),)
    found = settled.policy
    assert [view.name for view in found.views] == ["inside", "outside"]
    assert (found.method, found.servers, found.timeout) == (Method.SRV, ("remote.contoso.com",), 10.0)
    assert found.clients == (ClientName.OUTLOOK_2016,)
    assert set(found.expect.addresses) == {Expected("203.0.113.10", "outside"), Expected("192.168.16.2", "inside")}
    assert found.expect.srv == (Expected("remote.contoso.com", "outside"),)
    assert found.expect.public_keys == (PIN,)
    assert found.severities == (
        SeverityOverride("dns-wildcard-present", State.OK, reason="CHG-123", until="2027-01-31"),
    )


def test_a_bare_name_is_looked_at_by_the_default_module(tmp_path: Path) -> None:
    configuration = loaded(tmp_path, EXAMPLE)
    assert configuration.settled("fabrikam.com").policy == configuration.settled().policy
    assert configuration.domains["contoso.com"].labels == {"customer": "contoso"}


LEVELS = {
    "top": "timeout: 2s",
    "module": "modules: {default: {timeout: 3s}}",
    "domain": "domains: {contoso.com: {timeout: 4s}}",
}


@pytest.mark.parametrize(
    ("levels", "seconds"), [((), 10.0), (("top",), 2.0), (("top", "module"), 3.0), (("top", "module", "domain"), 4.0)]
)
def test_the_nearer_level_wins_and_an_option_over_all(tmp_path: Path, levels: tuple[str, ...], seconds: float) -> None:
    text = "\n".join(LEVELS[level] for level in levels)
    assert policy(tmp_path, text).timeout == seconds
    file = str(tmp_path / "file.yml")
    assert parse_arguments(["-H", "contoso.com", "--config", file]).policy.timeout == seconds
    assert parse_arguments(["-H", "contoso.com", "--config", file, "-t", "5"]).policy.timeout == 5.0


VIEWS = "views: {inside: {resolvers: [10.0.0.2]}, outside: {resolvers: [192.0.2.53]}}\n"


def test_a_level_replaces_a_list_and_leaves_what_it_says_nothing_of(tmp_path: Path) -> None:
    text = "servers: [a.contoso.com]\nexpect: {issuers: [One]}\ndomains: {contoso.com: {servers: [b.contoso.com]}}"
    found = policy(tmp_path, text)
    assert (found.servers, found.expect.issuers) == (("b.contoso.com",), ("One",))
    assert policy(tmp_path, "servers: [a.b]\ndomains: {contoso.com: {servers: []}}").servers == ()


def expected(found: Policy) -> dict[str, set[str]]:
    """The addresses expected in each view."""
    items = found.expect.addresses
    return {view.name: {item.value for item in items if item.view in ("", view.name)} for view in found.views}


@pytest.mark.parametrize(
    ("domain", "addresses"),
    [
        ("{}", {"inside": {"192.0.2.1", "192.0.2.2"}, "outside": {"192.0.2.1"}}),
        ("{addresses: [192.0.2.9]}", {"inside": {"192.0.2.9"}, "outside": {"192.0.2.9"}}),
        ("{views: {inside: {addresses: [192.0.2.9]}}}", {"inside": {"192.0.2.9"}, "outside": {"192.0.2.1"}}),
        ("{views: {outside: {addresses: []}}}", {"inside": {"192.0.2.1", "192.0.2.2"}, "outside": set()}),
        (
            "{addresses: [192.0.2.8], views: {outside: {addresses: [192.0.2.9]}}}",
            {"inside": {"192.0.2.8"}, "outside": {"192.0.2.8", "192.0.2.9"}},
        ),
    ],
)
def test_a_view_named_by_a_level_is_replaced_and_the_others_stay(
    tmp_path: Path, domain: str, addresses: dict[str, set[str]]
) -> None:
    text = (
        f"{VIEWS}expect: {{addresses: [192.0.2.1], views: {{inside: {{addresses: [192.0.2.2]}}}}}}\n"
        f"domains: {{contoso.com: {{expect: {domain}}}}}"
    )
    assert expected(policy(tmp_path, text)) == addresses


@pytest.mark.parametrize(
    ("text", "methods"),
    [
        ("domains: {contoso.com: {method: {inside: host, outside: srv}}}", (Method.HOST, Method.SRV)),
        ("method: srv\ndomains: {contoso.com: {method: {inside: none}}}", (Method.NONE, Method.SRV)),
        ("method: {inside: none}\ndomains: {contoso.com: {method: srv}}", (Method.SRV, Method.SRV)),
        ("method: {inside: none}\ndomains: {contoso.com: {method: {outside: srv}}}", (Method.NONE, Method.SRV)),
    ],
)
def test_methods_may_differ_per_view(tmp_path: Path, text: str, methods: tuple[Method, Method]) -> None:
    found = policy(tmp_path, VIEWS + text)
    assert (found.declared_method("inside"), found.declared_method("outside")) == methods


def test_a_view_may_have_a_method_a_role_and_steps_of_its_own(tmp_path: Path) -> None:
    text = """
views:
  berlin: {resolvers: [10.0.0.2], role: inside, method: host, skip_steps: [root]}
  outside: {resolvers: [192.0.2.53]}
method: srv
skip_steps: [office365]
"""
    found = policy(tmp_path, text)
    berlin, outside = found.views
    assert (berlin.role, found.declared_method("berlin")) == (ViewRole.INSIDE, Method.HOST)
    assert (outside.role, found.declared_method("outside")) == (ViewRole.OUTSIDE, Method.SRV)
    assert found.skipped(berlin) == (Step.OFFICE365, Step.ROOT)
    assert found.skipped(outside) == (Step.OFFICE365,)


def test_severities_of_all_levels_hold_and_the_nearest_counts(tmp_path: Path) -> None:
    text = (
        f"{VIEWS}severities: {{dns-srv-port: ok}}\n"
        "modules: {default: {severities: {'outside:dns-srv-port@srv': {state: warning, reason: old}}}}\n"
        "domains: {contoso.com: {severities: {dns-srv-missing: unknown}}}"
    )
    assert policy(tmp_path, text).severities == (
        SeverityOverride("dns-srv-port", State.OK),
        SeverityOverride("dns-srv-port", State.WARNING, "outside", "srv", "old"),
        SeverityOverride("dns-srv-missing", State.UNKNOWN),
    )


def test_trust_adds_up_and_may_leave_the_systems_out(tmp_path: Path) -> None:
    text = "ca_files: [a.pem]\ndomains: {contoso.com: {ca_files: [/b.pem], ca_paths: [c], system_trust: false}}"
    trust = loaded(tmp_path, text).settled("contoso.com").trust
    assert (trust.ca_files, trust.ca_paths, trust.system) == (
        (str(tmp_path / "a.pem"), "/b.pem"),
        (str(tmp_path / "c"),),
        False,
    )
    assert loaded(tmp_path, text).settled("fabrikam.com").trust.system
    assert {each.trust.system for each in loaded(tmp_path, text).means()} == {True, False}


def by_options(*argv: str) -> Module:
    given = parse_arguments(["-H", "contoso.com", *argv])
    return Module("default", given.policy, given.trust, given.baseline)


IN_A_FILE = f"""
views:
  inside: {{resolvers: [10.0.0.2], connect: false}}
  outside: {{resolvers: ["tcp://192.0.2.53"]}}
domains:
  contoso.com:
    method: {{inside: host, outside: srv}}
    servers: [remote.contoso.com]
    clients: [ews]
    skip_steps: [root]
    timeout: 7s
    timeout_result: unknown
    connect_timeout: 2s
    https_port: 8443
    http_port: 8080
    user_agent: check/1
    source_address: 192.0.2.7
    certificate: {{warning: 21d, critical: 7d}}
    ca_files: [/corp.pem]
    ca_paths: [/certs]
    system_trust: false
    expect:
      addresses: [203.0.113.0/24]
      issuers: [Example CA]
      redirects: [a.contoso.com]
      nameservers: [ns1.contoso.com]
      scp: [https://ex1.contoso.com/autodiscover/autodiscover.xml]
      public_keys: ["{PIN}"]
      certificates: ["{PIN}"]
      wildcards: ["*.contoso.com"]
      views: {{outside: {{srv: [remote.contoso.com]}}, inside: {{aliases: [remote.contoso.com]}}}}
    severities: {{inside:dns-srv-port@srv: ok}}
baseline: {{path: /accepted}}
scp: {{url: ldaps://dc1.contoso.com, site: London, user: svc@contoso.com, password_file: /scp.pw}}
"""

BY_OPTIONS = (
    *("--view", "inside=10.0.0.2", "--view", "outside=tcp://192.0.2.53", "--no-connect", "inside"),
    *("-m", "inside=host", "-m", "outside=srv", "-S", "remote.contoso.com", "--client", "ews"),
    *("--skip-step", "root", "-t", "7", "--timeout-result", "unknown", "--connect-timeout", "2"),
    *("--https-port", "8443", "--http-port", "8080", "--user-agent", "check/1", "--source-address", "192.0.2.7"),
    *("-w", "21d", "-c", "7d", "-r", "/corp.pem", "--ca-path", "/certs", "--no-system-trust"),
    *("-a", "203.0.113.0/24", "--expected-issuer", "Example CA", "--expected-public-key", PIN),
    *("--expected-certificate", PIN, "--expected-wildcard", "*.contoso.com"),
    *("--expected-srv", "outside=remote.contoso.com", "--expected-alias", "inside=remote.contoso.com"),
    *("--expected-redirect", "a.contoso.com", "--expected-ns", "ns1.contoso.com", "--baseline", "/accepted"),
    *("--scp", "ldaps://dc1.contoso.com", "--scp-site", "London", "--scp-user", "svc@contoso.com"),
    *("--scp-password-file", "/scp.pw"),
    *("--expected-scp", "https://ex1.contoso.com/autodiscover/autodiscover.xml"),
    *("--severity", "inside:dns-srv-port@srv=ok"),
)
"""The same as in the file."""


def test_a_domain_fares_the_same_whether_declared_in_the_file_or_on_the_command_line(tmp_path: Path) -> None:
    options = by_options(*BY_OPTIONS)
    assert loaded(tmp_path, IN_A_FILE).settled("contoso.com") == options
    assert by_options("--config", str(tmp_path / "file.yml")) == options


def test_views_of_options_take_the_place_of_the_files(tmp_path: Path) -> None:
    loaded(tmp_path, EXAMPLE.replace("connect: true", "connect: false"))
    file = str(tmp_path / "file.yml")
    found = by_options("--config", file, "--view", "outside=192.0.2.1", "-a", "192.0.2.99").policy
    assert found.views == (View("outside", (Resolver("192.0.2.1"),), connect=False),)
    assert expected(found) == {"outside": {"192.0.2.99"}}
    other = by_options("--config", file, "--view", "dmz=192.0.2.1").policy
    assert expected(other) == {"dmz": set()}


def test_an_option_replaces_what_the_file_says_of_its_view_alone(tmp_path: Path) -> None:
    loaded(tmp_path, EXAMPLE)
    found = by_options("--config", str(tmp_path / "file.yml"), "-a", "inside=192.0.2.99", "-m", "inside=host").policy
    assert expected(found) == {"inside": {"192.0.2.99"}, "outside": {"203.0.113.10"}}
    assert (found.declared_method("inside"), found.declared_method("outside")) == (Method.HOST, Method.SRV)


def test_a_check_of_one_domain_is_not_kept_from_it_by_another(tmp_path: Path) -> None:
    text = "domains: {contoso.com: {timeout: 3s}, fabrikam.com: {timeout: never}}"
    assert len(faults(tmp_path, text)) == 1
    found = load_configuration(str(tmp_path / "file.yml"), only="contoso.com")
    assert found.settled("contoso.com").policy.timeout == 3.0


def test_a_bad_file_is_told_by_the_plugin_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "file.yml"
    file.write_text("timeout: 3s\ntimeot: 3s\n")
    with pytest.raises(BadFile, match=r"file\.yml:2: timeot: unknown key; did you mean timeout\?"):
        parse_arguments(["-H", "contoso.com", "--config", str(file)])


@pytest.mark.parametrize(
    ("text", "domain", "allowed"),
    [
        ("{}", "contoso.com", True),
        ("domains: {contoso.com: {}}", "contoso.com", True),
        ("domains: {contoso.com: {}}", "fabrikam.com", False),
        ("domains:", "fabrikam.com", False),
        ("targets: {allow: ['*.contoso.com', fabrikam.com]}", "a.b.contoso.com", True),
        ("targets: {allow: ['*.contoso.com', fabrikam.com]}", "contoso.com", False),
        ("targets: {allow: ['*.contoso.com', fabrikam.com]}", "xcontoso.com", False),
        ("targets: {allow: ['*.contoso.com', fabrikam.com]}", "fabrikam.com", True),
        ("targets: {allow: ['*']}\ndomains: {contoso.com: {}}", "fabrikam.com", True),
        ("domains: {B\u00fccher.example: {}}", "xn--bcher-kva.example", True),
    ],
)
def test_who_may_be_asked_for(tmp_path: Path, text: str, domain: str, allowed: bool) -> None:
    assert loaded(tmp_path, text).allows(domain) is allowed


def test_a_module_that_is_asked_for_takes_the_place_of_the_domains_own(tmp_path: Path) -> None:
    text = "modules: {a: {timeout: 2s}, b: {timeout: 3s}}\ndomains: {contoso.com: {module: a, https_port: 8443}}"
    configuration = loaded(tmp_path, text)
    own, other = configuration.settled("contoso.com"), configuration.settled("contoso.com", "b")
    assert (own.name, own.policy.timeout, own.policy.https_port) == ("a", 2.0, 8443)
    assert (other.name, other.policy.timeout, other.policy.https_port) == ("b", 3.0, 8443)
    with pytest.raises(UnknownModule, match="unknown module 'c': there are default, a, b"):
        configuration.settled("contoso.com", "c")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "domains:\n  contoso.com:\n    method: srv\n    expect:\n      aliases: [a.b]",
            "file.yml:5: domains.contoso.com.expect.aliases: 'a.b' is never looked at under the method srv: "
            "leave it out, or declare auto, host, exchange-online or redirect",
        ),
        (
            "expect: {aliases: [a.b]}\ndomains:\n  contoso.com:\n    method: srv",
            "file.yml:4: domains.contoso.com: expect.aliases: 'a.b' is never looked at under the method srv: ",
        ),
        (
            VIEWS + "method: {inside: srv, outside: host}\nexpect: {views: {inside: {aliases: [a.b]}}}",
            "file.yml:3: expect.views.inside.aliases: 'a.b' is never looked at under the method srv of the ",
        ),
        ("method: exchange-online\nexpect: {issuers: [A]}", "expect.issuers: 'A' is never looked at under the method"),
        ("method: {outside: srv}", "file.yml:1: method.outside: there is no view 'outside': there is default"),
        ("expect: {views: {dmz: {srv: [a.b]}}}", "file.yml:1: expect.views.dmz: there is no view 'dmz'"),
        ("severities: {dmz:dns-srv-port: ok}", "file.yml:1: severities.dmz:dns-srv-port: there is no view 'dmz'"),
        ("severities: {dns-srv-prot: ok}", "severities.dns-srv-prot: 'dns-srv-prot' is no rule: did you mean dns-srv-"),
        ("severities: {dns-srv-port: {until: 2027-01-31}}", "a severity needs a state, as in {state: ok, until:"),
        ("severities: {dns-srv-port: {state: ok, until: soon}}", "'soon' is no day: it is YYYY-MM-DD"),
        ("severities: {dns-srv-port: {state: ok, till: x}}", "severities.dns-srv-port.till: unknown key; did you mean"),
        ("certificate: {warning: 7d}", "certificate.warning: the certificate's warning threshold (7d) is below"),
        (
            "modules: {default: {certificate: {critical: 29d}}}\ndomains:\n a.b: {certificate: {warning: 28d}}",
            "file.yml:3: domains.a.b.certificate.warning: the certificate's warning threshold (28d) is below",
        ),
        ("domains: {contoso.com: {module: x}}", "domains.contoso.com.module: there is no module 'x': there is default"),
        ("domains:\n  A.b: {}\n  a.B: {}", "file.yml:3: domains.a.B: given twice, as a.b first in line 2"),
        ("domains: [contoso.com]", "file.yml:1: domains: expected keys with values"),
        ("domains: {localhost: {}}", "file.yml:1: domains.localhost: 'localhost' is not a mail domain"),
        ("targets: {allow: ['*.*']}", "file.yml:1: targets.allow: "),
        (
            "targets: {deny_networks: [10.0.0.1/8]}",
            "file.yml:1: targets.deny_networks: '10.0.0.1/8' is no network: it has bits of a single host set",
        ),
        (
            "views: {a: {resolvers: [192.0.2.1], role: east}}",
            "views.a.role: 'east' is no role: it is one of inside, outside",
        ),
        ("servers: [a.b, A.b]", "file.yml:1: servers: A.b is given twice"),
        ("domains: {a.b: {labels: {__meta: x}}}", "file.yml:1: domains.a.b.labels.__meta: no name of a label"),
        (
            "domains: {a.b: {labels: {role: x}}}",
            "file.yml:1: domains.a.b.labels.role: the exporter's metrics, or their",
        ),
        ("domains: {a.b: {labels: {severity: x}}}", "file.yml:1: domains.a.b.labels.severity: the exporter's metrics"),
        ("domains: {a.b: {labels: {a: [x]}}}", "file.yml:1: domains.a.b.labels.a: expected a single value"),
        ("timeout: 3s\nservers: !!set [a.b]", "file.yml:2: has a tag, 'tag:yaml.org,2002:set', and no value needs one"),
        ("timeout: !secret 3s", "file.yml:1: has a tag, '!secret', and no value needs one"),
        ("a: {\n", "file.yml:2: is not YAML: "),
        ("--- {}\n--- {}", "file.yml:2: there is a second document, and one is enough"),
        ("servers: &a [*a]", "file.yml:1: is not YAML: found undefined alias 'a'"),
        ("[" * 100_000, "file.yml:1: is nested deeper than 16 levels"),
        ('"a\\nb\\e": 1', "file.yml:1: a\\nb\\x1b: unknown key"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place_and_what_would_be_right(tmp_path: Path, text: str, told: str) -> None:
    found = faults(tmp_path, text)
    assert any(told in fault for fault in found), found
    assert all("\n" not in fault and fault.isprintable() for fault in found)


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = "timeout: x\nmodules:\n  a: {method: y}\nviews:\n  v: {}\ndomains:\n  x: {}\nclients: []\n"
    assert [fault.split(": ")[0] for fault in faults(tmp_path, text)] == [
        f"file.yml:{line}" for line in (1, 3, 5, 7, 8)
    ]
    with pytest.raises(ConfigurationError, match=r"\(\+4 more: autodiscoverctl config check lists them\)$"):
        loaded(tmp_path, text)


def test_there_is_an_end_to_the_faults_that_are_looked_for(tmp_path: Path) -> None:
    text = "\n".join(f"key{number}: 1" for number in range(1000))
    assert len(faults(tmp_path, text)) == MOST_FAULTS


def test_an_alias_stands_for_what_it_names(tmp_path: Path) -> None:
    text = "modules: {a: &a {timeout: 3s}, b: *a}"
    assert loaded(tmp_path, text).settled(module="b").policy.timeout == 3.0


def test_a_file_of_another_editor_is_read_as_well(tmp_path: Path) -> None:
    assert policy(tmp_path, "\ufefftimeout: 3s\r\nmethod: 'srv'\r\n").timeout == 3.0


def test_a_bomb_of_aliases_is_refused(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert faults(tmp_path, "\n".join(rows)) == ["file.yml: its aliases stand for more than 4000000 values"]


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "file.yml"
    with file.open("wb") as stream:
        stream.truncate(CONFIGURATION.most_bytes * 4)
    with pytest.raises(
        ConfigurationError, match=r"file\.yml: cannot be read: it is larger than 8 MiB, the limit for a configuration$"
    ):
        load_configuration(str(file))
    with pytest.raises(ConfigurationError, match="it is a device, not a regular file"):
        load_configuration("/dev/zero")


@pytest.mark.parametrize("name", ["", "a\0b", "/", "gone.yml"])
def test_what_is_no_file_is_told(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be read: "):
        load_configuration(name)


WORDS = (
    *POLICY,
    *VIEW,
    *DOMAIN,
    *TARGETS,
    *SCHEDULE,
    *TOP,
    *SEVERITY,
    "addresses",
    "srv",
    "warning",
    "contoso.com",
)
SCALARS = st.sampled_from(
    [*WORDS, "inside", "default", "ok", "srv", "10.0.0.2", "30d", "dns-srv-port", "~", "a.b", "2027-01-31", "true"]
) | st.text(max_size=8)
DOCUMENTS = st.recursive(
    SCALARS | st.none() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=4),
    max_leaves=25,
)


def load_or_be_told(folder: Path, content: bytes) -> None:
    file = folder / "file.yml"
    file.write_bytes(content)
    with suppress(ConfigurationError):
        configuration = load_configuration(str(file))
        for domain in ("", *configuration.domains):
            configuration.settled(domain)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(content=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode(errors="ignore")))
def test_any_file_is_a_configuration_or_is_told(tmp_path: Path, content: bytes) -> None:
    load_or_be_told(tmp_path, content)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(document=st.dictionaries(st.sampled_from([*POLICY, *TOP]), DOCUMENTS, max_size=4))
def test_anything_under_known_keys_is_a_configuration_or_is_told(tmp_path: Path, document: dict[str, Any]) -> None:
    load_or_be_told(tmp_path, json.dumps(document).encode())


def test_nothing_is_nothing_unless_it_is_quoted() -> None:
    content = yaml_nodes.compose("[~, '~', null, \"\", Null]").content
    assert [node.content for node in content or () if isinstance(node, yaml_nodes.Node)] == [None, "~", None, "", None]


def test_thresholds_may_come_from_different_levels(tmp_path: Path) -> None:
    text = "certificate: {warning: 60d}\ndomains: {contoso.com: {certificate: {critical: 40d}}}"
    thresholds = policy(tmp_path, text).thresholds
    assert (thresholds.warning, thresholds.critical) == (LifeLeft(60 * DAY), LifeLeft(40 * DAY))


def test_domains_that_declare_nothing_of_their_own_share_what_is_settled_and_foreign_ones_do_not(
    tmp_path: Path,
) -> None:
    configuration = loaded(tmp_path, "domains: {a.example: {}, b.example: {}, c.example: {timeout: 5s}}")
    shared = configuration.settled("a.example")
    assert configuration.settled("b.example") is shared
    assert configuration.settled("c.example").policy.timeout == 5.0
    foreign = configuration.settled("d.example").policy
    assert (shared.policy.denied_networks, foreign.denied_networks) == ((), configuration.denied)
    assert configuration.settled("b.example") is shared
