"""Services that fail, played by the lab's own server and met by the real probe: what people read, and Outlook's code.

IIS and TMG cannot run here: their texts and their behaviour under each version of TLS are played, after Microsoft's
own documents. Real daemons are in `stack`.
"""

import asyncio

import pytest

from check_autodiscover.checker.checker import survey_domain
from check_autodiscover.config.commandline import parse_arguments
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import State
from check_autodiscover.core.verdict.judge import judge
from check_autodiscover.lab.running import running
from check_autodiscover.lab.worlds import world_named


def report_on(name: str, *options: str) -> Report:
    """The report on a world of the lab."""
    with running(world_named(name)) as lab:
        arguments = parse_arguments([*lab.command, *options])
        return judge(asyncio.run(survey_domain(arguments.domain, arguments.policy, arguments.trust)))


TOLD = {
    "row 25": ("client-certificate", "(HTTP 403.7)", "Client certificates, to Ignore"),
    "row 25, suspected": ("client-certificate-suspected", "though its neighbours work", "Client certificates: Ignore"),
    "row 26": (
        "client-certificate-reset",
        "(the connection breaks off without one)",
        "Client certificates, to Ignore",
    ),
    "row 27": ("client-certificate-tls-1-3", "0x80070032", "TLS 1.3 has no renegotiation"),
    "row 29": ("client-certificate-untrusted", "403.16", "the certificate that the proxy in front"),
    "row 30": ("redirect-needs-ssl", "403.4: SSL is required", "publish a redirect on port 80"),
    "row 31": ("blocked", "HTTP 403", "Publish /autodiscover/*"),
    "row 34": ("no-such-path", "HTTP 404", "Re-create the Autodiscover virtual directory"),
    "row 35": ("application-error", "HTTP 500", "see its event log"),
    "row 35, TMG": ("bridge-name-mismatch", "-2146893022", "publishing rule"),
    "row 36": ("out-of-service", "HTTP 503", "MSExchangeAutodiscoverAppPool"),
    "row 36, through a proxy": ("bad-gateway", "HTTP 502", "cannot reach Exchange"),
    "row 36, for a while": ("busy", "come back later", ""),
    "row 37": ("no-login-offered", "offers no way to log in", "Enable Windows or Basic authentication"),
    "row 38": ("login-cut", "offers Negotiate and NTLM alone and closes the connection", "bound to one client"),
    "row 50": ("foreign-settings", "gives Autodiscover settings", "hosting panel"),
    "row 52": ("redirect-to-login", "a redirect to https://www.contoso.com/login", "with status 302"),
    "row 54": ("redirect-warns", "lacks autodiscover.contoso.com", "Close port 443 at 127.0.100.80"),
    "row 55": ("redirect-loop", "a redirect back to https://exchange.hoster.example", "no URL twice"),
    "row 56": ("xml-error", "error 603: internal error", "event log"),
    "row 17": ("slow-root", "lets clients wait", "Serve port 443 at 127.0.113.7, or have clients turned away at once"),
    "row 24": ("foreign-login", "not 127.0.113.10", ""),
}


@pytest.mark.parametrize("row", TOLD)
def test_the_first_cause_says_what_is_wrong_and_what_mends_it(row: str) -> None:
    name, words, fix = TOLD[row]
    root = report_on(name).roots[0]
    assert words in root.message
    assert fix in root.remedy


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("client-certificate", True),
        ("client-certificate-reset", True),
        ("client-certificate-tls-1-3", True),
        ("client-certificate-suspected", False),
        ("application-error", False),
    ],
)
def test_outlooks_code_for_a_demanded_certificate_is_shown_where_it_is_proven(name: str, shown: bool) -> None:
    codes = {step.code for walk in report_on(name).walks for step in walk.steps}
    assert ("0x80072F0C" in codes) is shown


def test_a_redirect_to_another_host_than_the_expected_is_told_with_the_real_probe() -> None:
    expected = "exchange.hoster.example"
    assert report_on("healthy-redirect", "--expected-redirect", expected).state is State.OK
    report = report_on("healthy-redirect", "--expected-redirect", "exchange.contoso.com")
    assert (report.state, report.roots[0].finding.rule) == (State.WARNING, "service-redirect-invalid")
    assert "leads to exchange.hoster.example (127.0.100.25), not to exchange.contoso.com" in report.summary


def test_the_experiment_is_made_where_the_path_misbehaves_and_nowhere_else() -> None:
    asked = {name: report_on(name).survey.contacts for name in ("client-certificate-suspected", "no-such-path")}
    paths = {name: {(item.path, item.variant.value) for item in contacts} for name, contacts in asked.items()}
    assert len(paths["no-such-path"]) == 1
    assert paths["client-certificate-suspected"] - paths["no-such-path"] == {
        ("/", "usual"),
        ("/owa/", "usual"),
        ("/autodiscover/autodiscover.xml", "tls-1.2"),
        ("/autodiscover/autodiscover.xml", "post-handshake"),
    }
