"""The configuration file: what a good one means, and what a bad one is told."""

from pathlib import Path

import pytest

from check_autodiscover.config.file import Configuration, ConfigurationError, Module, Rhythm, load_configuration
from check_autodiscover.core.model.addresses import DEFAULT_DENIED
from check_autodiscover.core.model.policy import (
    ClientName,
    Directory,
    Expected,
    LifeLeft,
    Method,
    Resolver,
    Step,
    Transport,
    View,
)

DAY = 86_400


def _modules(folder: Path, text: str) -> dict[str, Module]:
    file = folder / "file.yml"
    file.write_text(text)
    configuration = load_configuration(str(file))
    return {name: configuration.settled(module=name) for name in configuration.modules}


def _fault(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as raised:
        _modules(folder, text)
    return str(raised.value).removeprefix(f"{folder}/")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}", "views:\nmodules:\n", "modules: {default: {}}"])
def test_an_empty_file_is_the_default_configuration(tmp_path: Path, text: str) -> None:
    assert _modules(tmp_path, text) == {"default": Configuration().settled()}


def test_views_hold_for_every_module(tmp_path: Path) -> None:
    text = "views: {inside: {resolvers: [192.0.2.1, 'tcp://192.0.2.2:5353']}}\nmodules: {other: {}}"
    inside = View("inside", (Resolver("192.0.2.1"), Resolver("192.0.2.2", 5353, Transport.TCP)))
    modules = _modules(tmp_path, text)
    assert {name: module.policy.views for name, module in modules.items()} == {
        "default": (inside,),
        "other": (inside,),
    }


def test_a_module_says_what_is_declared(tmp_path: Path) -> None:
    text = """
modules:
  lab:
    method: srv
    timeout: 3s
    connect_timeout: 1.5
    servers: [Remote.contoso.com, b.contoso.com.]
    https_port: 8443
    http_port: "8080"
    certificate: {warning: 30d/25%, critical: 7}
    clients: [ews, outlook-2007]
    skip_steps: [root]
"""
    policy = _modules(tmp_path, text)["lab"].policy
    assert policy.method is Method.SRV
    assert (policy.timeout, policy.connect_timeout) == (3.0, 1.5)
    assert policy.servers == ("remote.contoso.com", "b.contoso.com")
    assert (policy.https_port, policy.http_port) == (8443, 8080)
    assert (policy.clients, policy.skip_steps) == ((ClientName.EWS, ClientName.OUTLOOK_2007), (Step.ROOT,))
    assert (policy.thresholds.warning, policy.thresholds.critical) == (LifeLeft(30 * DAY, 0.25), LifeLeft(7 * DAY))


def test_expectations_hold_for_every_view(tmp_path: Path) -> None:
    pin = "ab" * 32
    text = f"""
modules:
  default:
    expect:
      addresses: [192.0.2.0/24]
      srv: [remote.contoso.com]
      aliases: [mail.contoso.com]
      certificates: ["sha256:{pin.upper()}"]
      public_keys: ["{pin}"]
      issuers: ["Contoso CA"]
      redirects: [Exchange.hoster.example]
      scp: [https://EX1.contoso.com/Autodiscover/Autodiscover.xml]
"""
    expect = _modules(tmp_path, text)["default"].policy.expect
    assert expect.addresses == (Expected("192.0.2.0/24"),)
    assert expect.srv == (Expected("remote.contoso.com"),)
    assert expect.aliases == (Expected("mail.contoso.com"),)
    assert expect.redirects == ("exchange.hoster.example",)
    assert (expect.certificates, expect.public_keys, expect.issuers) == ((pin,), (pin,), ("Contoso CA",))
    assert expect.scp == ("https://ex1.contoso.com/autodiscover/autodiscover.xml",)


def test_a_module_names_the_directory_and_its_password_file_beside_the_file(tmp_path: Path) -> None:
    scp = "{url: ldaps://DC1.contoso.com, site: London, user: svc@contoso.com, password_file: scp.pw}"
    directory = _modules(tmp_path, f"modules: {{default: {{scp: {scp}}}}}")["default"].policy.directory
    assert directory == Directory("ldaps://dc1.contoso.com", "London", "svc@contoso.com", str(tmp_path / "scp.pw"))


def test_ca_files_of_views_and_module_are_found_beside_the_file(tmp_path: Path) -> None:
    text = """
views:
  inside: {resolvers: [192.0.2.1], ca_files: [corp.pem, /etc/other.pem]}
  outside: {resolvers: [192.0.2.2], ca_files: [corp.pem]}
modules: {strict: {ca_files: [own.pem], system_trust: false}}
"""
    modules = _modules(tmp_path, text)
    shared = (str(tmp_path / "corp.pem"), "/etc/other.pem")
    assert (modules["default"].trust.ca_files, modules["default"].trust.system) == (shared, True)
    assert (modules["strict"].trust.ca_files, modules["strict"].trust.system) == (
        (*shared, str(tmp_path / "own.pem")),
        False,
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("\nmodule: {}", "file.yml:2: module: unknown key; did you mean modules?"),
        ("modules:\n  x:\n    timeot: 3s", "file.yml:3: modules.x.timeot: unknown key; did you mean timeout?"),
        ("modules:\n  x: {}\n  x: {}", "file.yml:3: modules.x: given twice, first in line 2"),
        ("modules: []", "file.yml:1: modules: expected keys with values"),
        ("modules: {x: {servers: one}}", "file.yml:1: modules.x.servers: expected a list, as in [one, two]"),
        ("modules: {x: {timeout: [3]}}", "file.yml:1: modules.x.timeout: expected a single value"),
        ("modules: {x: {timeout: }}", "file.yml:1: modules.x.timeout: expected a single value"),
        ("modules: {x: {timeout: never}}", "file.yml:1: modules.x.timeout: "),
        ("modules: {x: {timeout: 0}}", "file.yml:1: modules.x.timeout: "),
        ("modules: {x: {method: magic}}", "file.yml:1: modules.x.method: "),
        ("modules: {x: {clients: [outlook]}}", "file.yml:1: modules.x.clients: 'outlook' is no client"),
        ("modules: {x: {clients: []}}", "file.yml:1: modules.x.clients: somebody must be judged"),
        ("modules: {x: {skip_steps: [dns]}}", "file.yml:1: modules.x.skip_steps: 'dns' is no step"),
        ("views: {in: {resolvers: [system], skip_steps: [a]}}", "file.yml:1: views.in.skip_steps: 'a' is no step"),
        ("modules:\n x:\n  servers:\n  - a.b\n  - -\n", "file.yml:5: modules.x.servers: "),
        ("modules: {x: {servers: [b_d!]}}", "file.yml:1: modules.x.servers: "),
        ("modules: {x: {https_port: 70000}}", "file.yml:1: modules.x.https_port: "),
        ("modules: {x: {system_trust: no}}", "file.yml:1: modules.x.system_trust: 'no' is neither true nor false"),
        ("modules: {x: {certificate: {warning: soon}}}", "file.yml:1: modules.x.certificate.warning: "),
        (
            "modules: {x: {certificate: {warning: 7, critical: 14}}}",
            "file.yml:1: modules.x.certificate.warning: the certificate",
        ),
        ("modules: {x: {expect: {addresses: [here]}}}", "file.yml:1: modules.x.expect.addresses: "),
        ("modules: {x: {expect: {certificates: [abc]}}}", "file.yml:1: modules.x.expect.certificates: "),
        ("modules: {x: {expect: {scp: [ex1]}}}", "file.yml:1: modules.x.expect.scp: "),
        ("modules: {x: {scp: {url: dc1}}}", "file.yml:1: modules.x.scp.url: 'dc1' is no LDAP URL"),
        ("modules: {x: {scp: {user: svc}}}", "file.yml:1: modules.x.scp: a site, a user and a password"),
        ("modules: {x: {<<: {timeout: 3s}}}", "file.yml:1: modules.x.<<: unknown key"),
        ("views: {inside: {}}", "file.yml:1: views.inside: a view needs resolvers, as in {resolvers: [192.0.2.53]}"),
        ("views: {in side: {resolvers: [192.0.2.1]}}", "file.yml:1: views.in side: "),
        ("views:\n  inside:\n    resolvers: [dns.example]", "file.yml:3: views.inside.resolvers: "),
        (
            "views: {in: {resolvers: [192.0.2.1, '192.0.2.1:53']}}",
            "file.yml:1: views.in.resolvers: 192.0.2.1:53 is given twice",
        ),
        ("? [a]\n: b", "file.yml:1: expected a key, which is a single word"),
        ("- a", "file.yml:1: expected keys with values"),
        ("views: {", "file.yml:2: is not YAML: "),
        ("views: &a\nmodules: *b", "file.yml:2: is not YAML: found undefined alias"),
    ],
)
def test_a_mistake_is_one_line_with_file_line_and_key(tmp_path: Path, text: str, fault: str) -> None:
    told = _fault(tmp_path, text)
    assert told.startswith(fault)
    assert "\n" not in told


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.yml: cannot be read: No such file"):
        load_configuration(str(tmp_path / "gone.yml"))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file.yml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="is not UTF-8 text"):
        load_configuration(str(file))


def test_a_view_may_have_steps_that_its_clients_skip(tmp_path: Path) -> None:
    text = "views: {in: {resolvers: [192.0.2.1], skip_steps: [scp, root]}, out: {resolvers: [192.0.2.2]}}"
    views = _modules(tmp_path, text)["default"].policy.views
    assert [view.skip_steps for view in views] == [(Step.SCP, Step.ROOT), ()]


def test_a_view_may_be_judged_by_its_dns_alone(tmp_path: Path) -> None:
    file = tmp_path / "file.yml"
    file.write_text(
        "views: {in: {resolvers: [authoritative], connect: false}, out: {resolvers: ['tls://192.0.2.1']}}\n"
    )
    views = load_configuration(str(file)).settled().policy.views
    assert [(view.name, view.connect, view.resolvers[0].label) for view in views] == [
        ("in", False, "authoritative"),
        ("out", True, "tls://192.0.2.1"),
    ]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("{}", 60.0),
        ("cache: 5m", 300.0),
        ("cache: 5m\nmodules: {default: {cache: 0s}}", 0.0),
        ("cache: 5m\nmodules: {default: {cache: 0}}\ndomains: {contoso.com: {cache: 90}}", 90.0),
    ],
)
def test_a_result_is_young_for_as_long_as_the_nearest_level_says(tmp_path: Path, text: str, seconds: float) -> None:
    file = tmp_path / "file.yml"
    file.write_text(text)
    assert load_configuration(str(file)).settled("contoso.com").cache == seconds


@pytest.mark.parametrize(
    ("text", "rhythm"),
    [
        ("{}", None),
        ("schedule: {interval: 5m}", Rhythm(300.0)),
        ("schedule: {interval: 10s, concurrency: 8}", Rhythm(10.0, 8)),
        ("schedule: {interval: 500ms}\ndomains: {contoso.com: {timeout: 500ms}}", Rhythm(0.5)),
        ("schedule: {interval: 1s}\nmodules: {default: {timeout: 1s}}\ndomains: {contoso.com: {}}", Rhythm(1.0)),
    ],
)
def test_a_schedule_says_how_often_and_how_many(tmp_path: Path, text: str, rhythm: Rhythm | None) -> None:
    file = tmp_path / "file.yml"
    file.write_text(text)
    assert load_configuration(str(file)).rhythm == rhythm


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("schedule: {}", "file.yml:1: schedule: a schedule needs an interval, as in {interval: 5m}"),
        ("schedule: {concurrency: 8}", "file.yml:1: schedule: a schedule needs an interval"),
        ("schedule: {interval: 5m, concurrency: 0}", "file.yml:1: schedule.concurrency: '0' is no number"),
        ("schedule: {intervall: 5m}", "file.yml:1: schedule.intervall: unknown key; did you mean interval?"),
        ("schedule: {interval: 9s}", "file.yml:1: schedule.interval: shorter than a look may take (10s): "),
        (
            "schedule: {interval: 500ms}\ndomains: {contoso.com: {timeout: 500ms}, fabrikam.com: {}}",
            "file.yml:1: schedule.interval: shorter than a look may take (10s): ",
        ),
        (
            "schedule: {interval: 5s}\nmodules: {slow: {timeout: 6s}}\ndomains: {contoso.com: {module: slow}}",
            "file.yml:1: schedule.interval: shorter than a look may take (6s): ",
        ),
        (
            "schedule: {interval: 30s}\nmodules: {slow: {timeout: 31s}}",
            "file.yml:1: schedule.interval: shorter than a look may take (31s): ",
        ),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    assert _fault(tmp_path, text).startswith(fault)


@pytest.mark.parametrize(
    ("said", "denied"),
    [
        ("", DEFAULT_DENIED),
        (", deny_networks: [10.0.0.0/8, 192.0.2.1]", ("10.0.0.0/8", "192.0.2.1")),
        (", deny_networks: []", ()),
    ],
)
def test_networks_are_denied_to_domains_that_are_not_configured_alone(
    tmp_path: Path, said: str, denied: tuple[str, ...]
) -> None:
    file = tmp_path / "file.yml"
    file.write_text(f"domains: {{contoso.com: {{}}}}\ntargets: {{allow: ['*']{said}}}")
    configuration = load_configuration(str(file))
    assert configuration.settled("stranger.example").policy.denied_networks == denied
    assert configuration.settled("contoso.com").policy.denied_networks == ()
