"""What a command line asks for, and how one that cannot be used is refused."""

import re
from dataclasses import replace

import pytest

from check_autodiscover import __version__
from check_autodiscover.cli import HelpRequested
from check_autodiscover.config.commandline import Arguments, UsageError, parse_arguments
from check_autodiscover.config.options import CHOICES, OPTIONS
from check_autodiscover.config.values import DEFAULT_VIEWS, Output
from check_autodiscover.core.model.policy import (
    DAY,
    DEFAULT_THRESHOLDS,
    ClientName,
    Directory,
    Expectations,
    Expected,
    Family,
    LifeLeft,
    Method,
    Policy,
    Resolver,
    Step,
    Thresholds,
    Transport,
    TrustSettings,
    View,
)
from check_autodiscover.core.model.states import SeverityOverride, State

HEX = "ab" * 32
SCP_URL = "https://ex1.contoso.com/autodiscover/autodiscover.xml"
VIEWS = ("--view", "inside=10.0.0.2", "--view", "outside=192.0.2.53,tcp://192.0.2.54:5353")


def parse(*argv: str) -> Arguments:
    return parse_arguments(("-H", "contoso.com", *argv))


def refused(*argv: str) -> str:
    with pytest.raises(UsageError) as error:
        parse_arguments(argv)
    return str(error.value)


def test_the_domain_alone_is_enough() -> None:
    assert parse() == Arguments(
        domain="contoso.com",
        policy=Policy(views=DEFAULT_VIEWS),
        trust=TrustSettings(),
        baseline="",
        output=Output.TEXT,
        verbosity=0,
        perfdata=True,
    )


@pytest.mark.parametrize("flag", ["-H", "--hostname", "--domain"])
def test_the_domain_is_taken_as_people_write_it(flag: str) -> None:
    assert parse_arguments((flag, "B\u00fccher.Example.")).domain == "xn--bcher-kva.example"


def test_every_option_reaches_the_policy() -> None:
    given = parse(
        *VIEWS,
        *("-m", "srv", "-m", "inside=host", "-S", "Remote.contoso.com", "-S", "mail.contoso.com"),
        *("-a", "203.0.113.10", "-a", "inside=10.0.0.0/8", "--expected-srv", "outside=remote.contoso.com:443"),
        *("--expected-alias", "autodiscover.outlook.com", "--expected-certificate", HEX.upper()),
        *("--expected-public-key", f"sha256:{HEX}", "--expected-issuer", "Example CA"),
        *("--expected-redirect", "Exchange.Hoster.example"),
        *("-w", "21d", "-c", "7d/10%", "-4", "--https-port", "8443", "--http-port", "8080"),
        *("--source-address", "192.0.2.7", "--user-agent", "check/1", "--connect-timeout", "1.5"),
        *("-t", "20", "--timeout-result", "unknown", "--client", "ews", "--client", "outlook-2007"),
        *("--skip-step", "root", "--skip-step", "office365", "--expected-wildcard", "outside=*.Contoso.com"),
        *("--severity", "dns-wildcard-present=ok", "--severity", "inside:certificate-name-mismatch@root=WARNING"),
        *("--scp", "ldaps://DC1.contoso.com", "--scp-site", "London"),
        *("--scp-user", "svc@contoso.com", "--scp-password-file", "scp.pw", "--expected-scp", SCP_URL),
    )
    assert given.policy == Policy(
        views=(
            View("inside", (Resolver("10.0.0.2"),)),
            View("outside", (Resolver("192.0.2.53"), Resolver("192.0.2.54", 5353, Transport.TCP))),
        ),
        method=Method.SRV,
        methods=(("inside", Method.HOST),),
        servers=("remote.contoso.com", "mail.contoso.com"),
        directory=Directory("ldaps://dc1.contoso.com", "London", "svc@contoso.com", "scp.pw"),
        expect=Expectations(
            addresses=(Expected("203.0.113.10"), Expected("10.0.0.0/8", "inside")),
            srv=(Expected("remote.contoso.com:443", "outside"),),
            aliases=(Expected("autodiscover.outlook.com"),),
            wildcards=(Expected("contoso.com", "outside"),),
            certificates=(HEX,),
            public_keys=(HEX,),
            issuers=("Example CA",),
            redirects=("exchange.hoster.example",),
            scp=(SCP_URL,),
        ),
        thresholds=Thresholds(LifeLeft(21 * DAY), LifeLeft(7 * DAY, 0.1)),
        families=(Family.IPV4,),
        https_port=8443,
        http_port=8080,
        source_address="192.0.2.7",
        user_agent="check/1",
        connect_timeout=1.5,
        timeout=20.0,
        timeout_result=State.UNKNOWN,
        clients=(ClientName.EWS, ClientName.OUTLOOK_2007),
        skip_steps=(Step.ROOT, Step.OFFICE365),
        severities=(
            SeverityOverride("dns-wildcard-present", State.OK),
            SeverityOverride("certificate-name-mismatch", State.WARNING, "inside", "root"),
        ),
    )


def test_trust_and_output_are_taken_over() -> None:
    given = parse(
        "-r", "a.pem", "-r", "b.pem", "--ca-path", "d", "--no-system-trust", "-o", "log", "-vv", "--no-perfdata"
    )
    assert given == replace(
        parse(),
        trust=TrustSettings(("a.pem", "b.pem"), ("d",), False),
        output=Output.LOG,
        verbosity=2,
        perfdata=False,
    )


def test_a_dns_server_is_the_default_view_beside_others() -> None:
    default = View("default", (Resolver("192.0.2.1"),))
    assert parse("-s", "192.0.2.1").policy.views == (default,)
    assert parse("--view", "inside=10.0.0.2", "-s", "192.0.2.1").policy.views == (
        default,
        View("inside", (Resolver("10.0.0.2"),)),
    )


def test_one_family_can_be_chosen_and_one_threshold_given() -> None:
    assert parse("-6").policy.families == (Family.IPV6,)
    assert parse("-w", "60").policy.thresholds == replace(DEFAULT_THRESHOLDS, warning=LifeLeft(60 * DAY))


DOMAIN = ("-H", "contoso.com")


@pytest.mark.parametrize(
    ("option", "argv"),
    [
        ("-H", ()),
        ("-H", ("-H",)),
        ("-H", ("-H", "localhost")),
        ("-H", ("-H", "user@contoso.com")),
        ("-w", (*DOMAIN, "-w", "1-10")),
        ("-w", (*DOMAIN, "-w", "-5")),
        ("-w", (*DOMAIN, "-w", "10", "-c", "20")),
        ("-w", (*DOMAIN, "-w", "10")),
        ("-c", (*DOMAIN, "-c", "foo")),
        ("-m", (*DOMAIN, "-m", "smtp")),
        ("-m", (*DOMAIN, *VIEWS, "-m", "elsewhere=srv")),
        ("-m", (*DOMAIN, "-m", "srv", "-m", "host")),
        ("-a", (*DOMAIN, "-a", "elsewhere=192.0.2.1")),
        ("--view", (*DOMAIN, "--view", "inside=dns.example")),
        ("--view", (*DOMAIN, "--view", "a=10.0.0.1", "--view", "a=10.0.0.2")),
        ("--view", (*DOMAIN, "--view", "default=10.0.0.1", "-s", "10.0.0.2")),
        ("--view", (*DOMAIN, "--view", "a=authoritative,10.0.0.2")),
        ("--view", (*DOMAIN, "--view", "a=https://dns.example")),
        ("--no-connect", (*DOMAIN, "--no-connect", "elsewhere")),
        ("--client: 'outlook' is no client: it is one of outlook-2016, ", (*DOMAIN, "--client", "outlook")),
        ("--client: 'outlook-mobile' cannot be judged", (*DOMAIN, "--client", "outlook-mobile")),
        ("--skip-step: 'dns' is no step: it is one of office365, scp, ", (*DOMAIN, "--skip-step", "dns")),
        ("--severity: 'dns-wildcards' is no rule: did you mean", (*DOMAIN, "--severity", "dns-wildcards=ok")),
        ("--severity: 'x' is no rule: autodiscoverctl rules", (*DOMAIN, "--severity", "x=ok")),
        ("--severity: 'dns-srv-missing' is no severity: it is [VIEW:]RULE", (*DOMAIN, "--severity", "dns-srv-missing")),
        ("--severity: 'bad' is no state", (*DOMAIN, "--severity", "dns-srv-missing=bad")),
        (
            "--severity: 'here' is no endpoint: it is one of zone, scp, ",
            (*DOMAIN, "--severity", "dns-srv-port@here=ok"),
        ),
        ("--severity: there is no view 'out': there is default", (*DOMAIN, "--severity", "out:dns-srv-port=ok")),
        ("--scp: 'dc1' is no LDAP URL", (*DOMAIN, "--scp", "dc1")),
        ("--scp: a site, a user and a password are for the directory", (*DOMAIN, "--scp-site", "London")),
        ("--scp: a password without a user", (*DOMAIN, "--scp", "ldaps://dc1", "--scp-password-file", "f")),
        ("--expected-scp", (*DOMAIN, "--expected-scp", "ex1.contoso.com")),
        ("--timeout", (*DOMAIN, "-t", "0")),
        ("--timeout-result", (*DOMAIN, "--timeout-result", "fine")),
        ("--output", (*DOMAIN, "-o", "xml")),
        ("--https-port", (*DOMAIN, "--https-port", "0")),
        ("-6", (*DOMAIN, "-4", "-6")),
        ("--time", (*DOMAIN, "--time", "5")),
        ("--bogus", (*DOMAIN, "--bogus")),
        ("stray", (*DOMAIN, "stray")),
        ("--no-perfdata", (*DOMAIN, "--no-perfdata=1")),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_option(option: str, argv: tuple[str, ...]) -> None:
    sentence = refused(*argv)
    assert option in sentence
    assert "\n" not in sentence


def test_a_mistake_that_argparse_finds_is_told_in_the_same_shape() -> None:
    assert not refused("-H").startswith("argument")


@pytest.mark.parametrize("argv", [("-h",), ("--help",), ("-H", "contoso.com", "-h")])
def test_help_fits_a_terminal_and_tells_every_option(argv: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(HelpRequested) as told:
        parse_arguments(argv)
    text = str(told.value)
    assert all(len(line) <= 80 and line.isascii() and line.isprintable() for line in text.split("\n"))
    assert all(flag in text for option in OPTIONS for flag in option.flags)


def test_every_example_of_the_help_is_a_command_line_that_works() -> None:
    with pytest.raises(HelpRequested) as told:
        parse_arguments(["--help"])
    examples = re.sub(r"\\\n\s*", "", str(told.value).partition("examples:\n")[2]).split("\n")
    views = ["--view", "inside=10.0.0.2", "--view", "outside=192.0.2.53"]
    for example in examples:
        program, *argv = example.split()
        assert program == "check_autodiscover"
        bound = any(word.startswith(("inside=", "outside=")) for word in argv) and "--view" not in argv
        assert parse_arguments([*argv, *(views if bound else ())]).domain == "contoso.com"


def test_the_version_needs_no_domain() -> None:
    with pytest.raises(HelpRequested, match=re.escape(__version__)):
        parse_arguments(["-V"])


def test_no_flag_destination_or_key_is_used_twice() -> None:
    for used in (
        [flag for option in OPTIONS for flag in option.flags],
        [option.destination for option in OPTIONS],
        [option.key for option in OPTIONS if option.key],
    ):
        assert len(used) == len(set(used))


def test_every_value_that_is_offered_for_choice_is_taken() -> None:
    for option in OPTIONS:
        for choice in CHOICES.get(option.kind, ()):
            assert parse(option.flags[0], choice).domain == "contoso.com"


def test_a_view_that_is_not_to_be_connected_to_is_marked_and_no_other() -> None:
    views = parse(*VIEWS, "--no-connect", "outside").policy.views
    assert {view.name: view.connect for view in views} == {"inside": True, "outside": False}


def test_a_view_that_does_not_exist_cannot_be_left_unconnected() -> None:
    assert refused(*DOMAIN, *VIEWS, "--no-connect", "dmz") == (
        "--no-connect: there is no view 'dmz': there is inside, outside"
    )
