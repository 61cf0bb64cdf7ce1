"""TLS inspection on our own way out: what proves it, what does not, and what follows from it."""

from dataclasses import replace
from typing import Any

import pytest

from check_autodiscover.core.model.certificate import Certificate
from check_autodiscover.core.model.observations import Connect, VerifyError
from check_autodiscover.core.model.policy import Expectations
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import SeverityOverride, State
from check_autodiscover.core.verdict.judge import judge
from tests.core.incidents import HOSTER, REDIRECT_HOST, REMOTE, A, healthy, row_5
from tests.core.judging import Told, assert_told, rules_of, verdict
from tests.core.worlds import APEX, DOMAIN, FOREIGN, PAGE, SERVER, Site, World, certificate, redirect, survey_of

RULE = "certificate-intercepted"
UNKNOWN = (VerifyError(20, 0), VerifyError(21, 0))
PROXY = "Inspecting Proxy CA"


def by_proxy(*names: str, key: str = "0a", issuer: str = PROXY) -> Certificate:
    return certificate(*names, issuer=issuer, issuer_key=key)


STRANGERS = by_proxy("*.hoster.example")


def inspected(stranger: Certificate = STRANGERS, own: Certificate | None = None, **more: Any) -> World:
    """A web site at a stranger's address and our server at another, both seen through a proxy."""
    site = Site(own or by_proxy(REMOTE), errors=UNKNOWN, **more)
    world = healthy("srv").site(SERVER, site)
    return world.site(APEX, Site(stranger, PAGE, errors=UNKNOWN))


def hosted() -> World:
    """The domain's own web site, and a hoster's Exchange that a redirect leads to, both seen through a proxy."""
    exchange = "exchange.hoster.example"
    hop = Site(http=Connect.CONNECTED, http_answer=redirect(f"https://{exchange}/autodiscover/autodiscover.xml"))
    world = healthy("redirect").site(REDIRECT_HOST, hop).zone(lambda zone: zone.with_(exchange, A, SERVER))
    world = world.site(SERVER, Site(by_proxy(exchange), errors=UNKNOWN)).with_policy(servers=(exchange,))
    return world.site(APEX, Site(by_proxy(DOMAIN, "www.contoso.com"), PAGE, errors=UNKNOWN))


def told(severity: str = "WARNING", **more: Any) -> Told:
    return Told(RULE, severity, "zone", DOMAIN, (APEX, SERVER), ("",), **more)


RAISED = {
    "one unknown issuer for a stranger's names and ours": (
        inspected(),
        told(args={"issuer": PROXY, "names": f"*.hoster.example and {REMOTE}"}),
    ),
    "its key is known from its own certificate alone": (
        inspected(
            by_proxy("*.hoster.example", key=""),
            by_proxy(REMOTE, key=""),
            above=(certificate(common_name=PROXY, key="of the proxy"),),
        ).site(
            APEX,
            Site(
                by_proxy("*.hoster.example", key=""),
                PAGE,
                errors=UNKNOWN,
                above=(certificate(common_name=PROXY, key="of the proxy"),),
            ),
        ),
        told(),
    ),
    "what it makes look untrusted": (
        hosted(),
        Told("certificate-untrusted", "WARNING", "root", DOMAIN, (APEX,), cause=RULE),
    ),
    "what users would be warned of": (
        hosted(),
        Told("client-warned", "WARNING", "root", DOMAIN, cause=RULE),
    ),
}


@pytest.mark.parametrize("case", RAISED)
def test_inspection_is_told_with_its_proof(case: str) -> None:
    assert_told(*RAISED[case])


def elsewhere(world: World, address: str) -> World:
    """The server at another address, and everything that leads to it."""
    moved = world.zone(lambda zone: zone.with_(REMOTE, A, address))
    return moved.site(address, moved.sites[SERVER])


SILENT = {
    RULE: {
        "every certificate is trusted": healthy("srv"),
        "the company's own authority for its own names": inspected(by_proxy(DOMAIN, "www.contoso.com")),
        "its own names under another suffix": inspected(by_proxy("www.contoso.de", "mail.contoso.co.uk")),
        "another authority of the same name": inspected(by_proxy("*.hoster.example", key="0b")),
        "nobody knows the authority's key": inspected(by_proxy("*.hoster.example", key=""), by_proxy(REMOTE, key="")),
        "a public authority that is missing here": inspected(
            replace(STRANGERS, public_marks=True), replace(by_proxy(REMOTE), public_marks=True)
        ),
        "each signs itself": inspected(
            replace(STRANGERS, subject="CN=box", issuer="CN=box"),
            replace(by_proxy(REMOTE), subject="CN=box", issuer="CN=box"),
        ),
        "one network": elsewhere(inspected(), "198.51.100.99"),
        "an inside address": elsewhere(inspected(), "192.168.16.2"),
        "one server with a stranger's certificate": row_5("srv").site(
            FOREIGN, Site(replace(HOSTER, issuer_key="0a"), PAGE, errors=UNKNOWN)
        ),
        "names that nobody can compare": inspected(by_proxy()),
        "one of them is trusted": inspected().site(APEX, Site(STRANGERS, PAGE)),
    }
}


@pytest.mark.parametrize("case", SILENT[RULE])
def test_nothing_else_is_taken_for_inspection(case: str) -> None:
    assert RULE not in rules_of(verdict(SILENT[RULE][case]))


@pytest.mark.parametrize("parents", [(), ("contoso.co.uk",)])
def test_the_domains_own_label_is_that_of_what_is_registered(parents: tuple[str, ...]) -> None:
    world = inspected(by_proxy("www.fabrikam.example"))
    assert RULE in rules_of(judge(survey_of(world, parents=parents)))


def roots(report: Report) -> dict[str, str]:
    return {item.finding.rule: item.severity.value for item in report.roots if item.severity.value != "OK"}


def test_the_names_of_a_strangers_web_site_stay_a_fault_of_their_own() -> None:
    report = verdict(inspected())
    assert roots(report) == {RULE: "WARNING", "certificate-name-mismatch": "CRITICAL"}


def test_pins_are_not_judged_where_a_proxy_answered() -> None:
    pins = Expectations(public_keys=("ab" * 32,), certificates=("cd" * 32,), issuers=("Example CA",))
    assert "certificate-unexpected" not in rules_of(verdict(inspected().with_policy(expect=pins)))
    trusted = healthy("srv").with_policy(expect=pins)
    assert "certificate-unexpected" in rules_of(verdict(trusted))


def test_policy_accepts_inspection_as_it_accepts_anything() -> None:
    report = verdict(hosted().with_policy(severities=(SeverityOverride(RULE, State.OK),)))
    assert (report.state, roots(report)) == (State.OK, {})


def test_inspection_alone_is_a_warning_that_says_who_inspects_and_what() -> None:
    report = verdict(hosted())
    assert roots(report) == {RULE: "WARNING"}
    assert report.summary == (
        "TLS is inspected on this host's way out: Inspecting Proxy CA, not trusted here, certifies "
        "contoso.com and exchange.hoster.example [certificate-intercepted]"
    )
