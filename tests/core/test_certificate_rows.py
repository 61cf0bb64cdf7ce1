"""The rows of the failure-mode catalogue that are about certificates: what each comes out as, or is noted as."""

from dataclasses import replace
from typing import Any

import pytest

from check_autodiscover.core.model.observations import Srv, VerifyError
from check_autodiscover.core.verdict.judge import judge
from tests.core import incidents
from tests.core.incidents import MAIL, REMOTE, SINGLE, SRV, A, healthy, wildcard
from tests.core.judging import BOTH, Told, assert_told, verdict
from tests.core.worlds import (
    APEX,
    AUTODISCOVER,
    DOMAIN,
    FOREIGN,
    PAGE,
    SERVER,
    SRV_NAME,
    Site,
    World,
    certificate,
    survey_of,
)

NM = "certificate-name-mismatch"
CONTROLLER = "10.0.0.5"


def at_server(leaf: Any, *codes: int) -> World:
    errors = tuple(VerifyError(code, 0) for code in codes)
    return healthy("srv").site(SERVER, Site(leaf, errors=errors))


def controller_at_the_root() -> World:
    """Inside, the domain's own addresses are those of a domain controller that listens on 443."""
    leaf = replace(certificate("dc1.contoso.com", issuer="Contoso CA"), domain_controller=True)
    world = healthy("srv").zone(lambda zone: zone.with_(DOMAIN, A, CONTROLLER), "inside")
    return world.site(CONTROLLER, Site(leaf, PAGE))


def deep_name() -> World:
    """The SRV record leads to a name two labels below what a wildcard hangs from."""
    deep = "mail.office.contoso.com"
    world = healthy("srv").with_policy(servers=(deep,)).site(SERVER, Site(certificate("*.contoso.com")))
    return world.zone(lambda zone: zone.with_(SRV_NAME, SRV, Srv(0, 0, 443, deep)).with_(deep, A, SERVER))


def default_host() -> World:
    """A catch-all leads to our own server, which shows the certificate that it was installed with."""
    leaf = replace(certificate(common_name="localhost"), issuer="CN=localhost", subject="CN=localhost")
    return wildcard(healthy("srv"), "203.0.113.11").site("203.0.113.11", Site(leaf, PAGE, errors=(VerifyError(18, 0),)))


def at_srv(rule: str, **more: Any) -> Told:
    return Told(rule, "CRITICAL", "srv", REMOTE, (SERVER,), **more)


TOLD = {
    "row 13: a consent box before the SRV target": (
        healthy("srv"),
        Told("client-asks-consent", "OK", "srv", DOMAIN),
    ),
    "row 15: a web site lacks the root domain": (
        incidents.row_22("srv"),
        Told(NM, "CRITICAL", "root", DOMAIN, (APEX,), args={"controller": "", "names": "www.contoso.com"}),
    ),
    "row 16: a domain controller at the root domain": (
        controller_at_the_root(),
        Told(
            NM,
            "CRITICAL",
            "root",
            DOMAIN,
            (CONTROLLER,),
            ("inside",),
            args={
                "controller": "yes",
                "names": "dc1.contoso.com",
                "advice": f"Close port 443 on the domain controllers ({CONTROLLER}), or add contoso.com to their "
                "certificates.",
            },
        ),
    ),
    "row 18: a completely different certificate": (
        incidents.row_12("host"),
        Told(
            "certificate-foreign",
            "CRITICAL",
            "autodiscover",
            AUTODISCOVER,
            (FOREIGN,),
            BOTH,
            "dns-address-unexpected",
            {"server": MAIL, "names": "*.hoster.example"},
        ),
    ),
    "row 40: expired": (at_server(certificate(REMOTE, days=-3)), at_srv("certificate-expired")),
    "row 40: not yet valid": (at_server(certificate(REMOTE, days=95)), at_srv("certificate-not-yet-valid")),
    "row 41: the intermediate is missing": (
        at_server(replace(SINGLE, issuer_urls=("http://ca.example/ca.cer",)), 20, 21),
        at_srv("certificate-chain-incomplete"),
    ),
    "row 41: no anchor for it": (at_server(SINGLE, 20, 21), at_srv("certificate-untrusted")),
    "row 42: self-signed": (at_server(SINGLE, 18), at_srv("certificate-self-signed")),
    "row 43: in the common name alone": (
        at_server(certificate(common_name=REMOTE)),
        at_srv("certificate-common-name-only"),
    ),
    "row 44: a wildcard covers one label": (
        deep_name(),
        Told(NM, "CRITICAL", "srv", "mail.office.contoso.com", (SERVER,), args={"names": "*.contoso.com"}),
    ),
    "row 59: a server's own default certificate behind a catch-all": (
        default_host(),
        Told(
            "certificate-self-signed",
            "CRITICAL",
            "autodiscover",
            AUTODISCOVER,
            ("203.0.113.11",),
            cause="dns-wildcard-captures-autodiscover",
        ),
    ),
}


@pytest.mark.parametrize("row", TOLD)
def test_a_row_of_the_failure_mode_catalogue_is_told(row: str) -> None:
    assert_told(*TOLD[row])


WILDCARD = certificate("*.contoso.com")
NOTED = {
    "row 14: a wildcard leaves the domain itself uncovered": (
        healthy("host").site(SERVER, Site(WILDCARD)),
        f"the certificate of {AUTODISCOVER} is for *.contoso.com, which does not cover contoso.com itself",
    ),
    "row 45: old clients and a wildcard": (
        healthy("host").site(SERVER, Site(WILDCARD)),
        "Set-OutlookProvider EXPR -CertPrincipalName msstd:*.contoso.com",
    ),
}


@pytest.mark.parametrize(
    ("anchors", "noted"),
    [((), False), (("/etc/corp.pem", "system (/etc/ssl/certs)"), False), (("/etc/corp.pem",), True)],
)
def test_it_is_noted_where_the_systems_anchors_were_left_out(anchors: tuple[str, ...], noted: bool) -> None:
    report = judge(replace(survey_of(healthy("host")), anchors=anchors))
    found = [note for note in report.notes if "--no-system-trust" in note]
    assert len(found) == noted
    assert all("/etc/corp.pem" in note for note in found)


@pytest.mark.parametrize("row", NOTED)
def test_a_row_that_is_no_fault_is_noted(row: str) -> None:
    world, words = NOTED[row]
    report = verdict(world)
    assert len([note for note in report.notes if words in note]) == 1
    assert report.state.value == "OK"


@pytest.mark.parametrize(
    "world",
    [
        healthy("host"),
        healthy("exchange-online"),
        healthy("host").site(SERVER, Site(certificate("*.contoso.com", MAIL, AUTODISCOVER))),
    ],
    ids=["no wildcard", "Microsoft's", "the name itself stands behind the wildcard"],
)
def test_no_wildcard_is_noted_where_none_is_needed(world: World) -> None:
    assert [note for note in verdict(world).notes if "msstd" in note or "itself" in note] == []


def test_a_wildcard_beside_the_domain_covers_it() -> None:
    report = verdict(healthy("host").site(SERVER, Site(certificate("*.contoso.com", DOMAIN))))
    assert [note for note in report.notes if "does not cover" in note] == []
    assert len([note for note in report.notes if "msstd" in note]) == 1
