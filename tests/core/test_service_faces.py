"""What a failing Autodiscover path shows, row by row of the failure-mode catalogue: which rule, with which words."""

import pytest

from check_autodiscover.core.analysis.replies import SIGNS, sign_of
from check_autodiscover.core.model.observations import Connect, Exchange, HttpAnswer
from check_autodiscover.core.model.report import Judgement
from tests.core import incidents
from tests.core.incidents import MULTI, REDIRECT_HOST, SINGLE, healthy
from tests.core.judging import verdict
from tests.core.worlds import EXCHANGE, PAGE, SERVER, Site, World, redirect, status

CC, CS = "service-client-certificate-demanded", "service-client-certificate-suspected"
SB, RI = "service-broken", "service-redirect-invalid"
RESET = HttpAnswer("GET", Exchange.RESET)
LOGIN = redirect("/owa/auth/logon.aspx")


def page(code: int, text: str) -> HttpAnswer:
    """An error page with this text."""
    return HttpAnswer("GET", Exchange.ANSWERED, code, (("content-type", "text/html"),), f"<h2>{text}</h2>")


def faced(site: Site) -> Judgement:
    """The one alarming root, in the inside view, of a server that answers so."""
    report = verdict(healthy("srv").site(SERVER, site))
    alarms = [item for item in report.roots if item.severity.value != "OK" and item.finding.view == "inside"]
    assert len(alarms) == 1, report.summary
    return alarms[0]


TLS_13 = "500.0: The request is not supported. (0x80070032)"
FACES = {
    "row 25, the detailed page": (
        Site(SINGLE, page(403, "HTTP Error 403.7 - Forbidden"), elsewhere=LOGIN),
        CC,
        "(HTTP 403.7)",
    ),
    "row 25, the short page of TLS 1.2": (
        Site(SINGLE, status(403), elsewhere=LOGIN, tls_1_2=status(403)),
        CC,
        "HTTP 403 without one",
    ),
    "row 25, nothing but the path": (
        Site(SINGLE, status(403), elsewhere=LOGIN),
        CS,
        "answers HTTP 403, though its neighbours work",
    ),
    "row 26, reset under TLS 1.3, asked for under TLS 1.2": (
        Site(SINGLE, RESET, elsewhere=LOGIN, tls_1_2=status(403)),
        CC,
        "(the connection breaks off without one)",
    ),
    "row 26, reset under TLS 1.3, the detailed page under TLS 1.2": (
        Site(SINGLE, RESET, elsewhere=LOGIN, tls_1_2=page(403, "403.7")),
        CC,
        "(the connection breaks off without one)",
    ),
    "row 26, reset and nothing else": (
        Site(SINGLE, RESET, elsewhere=LOGIN),
        CS,
        "breaks off the connection, though its neighbours work",
    ),
    "row 27": (
        Site(SINGLE, page(500, TLS_13), elsewhere=LOGIN),
        CC,
        "(HTTP 500, 0x80070032)",
    ),
    "row 28, nginx": (
        Site(SINGLE, page(400, "400 Bad Request: No required SSL certificate was sent"), asks=True),
        CC,
        "(HTTP 400, nginx)",
    ),
    "row 28, nginx with a page of its own": (Site(SINGLE, status(400), asks=True), CC, "HTTP 400 without one"),
    "row 29, revoked": (Site(SINGLE, page(403, "403.13"), elsewhere=status(403)), CS, "(HTTP 403.13)"),
    "row 29, untrusted": (Site(SINGLE, page(403, "403.16"), elsewhere=status(403)), CS, "(HTTP 403.16)"),
    "row 29, expired": (
        Site(SINGLE, page(403, "403.17"), elsewhere=LOGIN),
        CS,
        "refuses its proxy's client certificate",
    ),
    "row 31": (Site(SINGLE, page(403, "403.6 - IP address rejected")), SB, "403.6: the client's address is rejected"),
    "row 34": (Site(SINGLE, status(404)), SB, "HTTP 404"),
    "row 35": (Site(SINGLE, status(500)), SB, "HTTP 500"),
    "row 35, TMG": (
        Site(SINGLE, page(500, "The target principal name is incorrect. (-2146893022)")),
        SB,
        "the proxy connects to a name that Exchange's certificate lacks",
    ),
    "row 36": (Site(SINGLE, status(503)), SB, "HTTP 503"),
    "a server error of a site that asks everybody for a certificate, and insists on none": (
        Site(SINGLE, status(500), asks=True),
        SB,
        "HTTP 500",
    ),
}


@pytest.mark.parametrize("face", FACES)
def test_each_face_of_a_failing_path_has_its_rule_and_its_words(face: str) -> None:
    site, rule, words = FACES[face]
    told = faced(site)
    assert (told.finding.rule, told.severity.value) == (rule, "CRITICAL")
    assert words in told.message


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (page(403, "403.16"), "certificate that the proxy in front of remote.contoso.com presents"),
        (page(500, TLS_13), "disable TLS 1.3 on the binding only hides it"),
        (page(500, "(-2146893022)"), "publishing rule's To tab"),
        (status(503), "MSExchangeAutodiscoverAppPool"),
        (status(502), "cannot reach Exchange"),
        (status(504), "cannot reach Exchange"),
        (RESET, "cut after the request"),
    ],
)
def test_the_fix_is_that_of_the_cause_that_the_page_names(answer: HttpAnswer, advice: str) -> None:
    assert advice in faced(Site(SINGLE, answer)).remedy


def port_80(answer: HttpAnswer) -> World:
    """The healthy world of the redirect method, with something else on port 80."""
    return healthy("redirect").site(REDIRECT_HOST, Site(http=Connect.CONNECTED, http_answer=answer))


def test_row_30_a_site_that_requires_ssl_cannot_redirect_from_port_80() -> None:
    report = verdict(port_80(page(403, "403.4 - Forbidden: SSL is required")))
    told = {item.finding.rule: item for item in report.roots if item.severity.value != "OK"}
    assert set(told) == {SB}
    assert "403.4: SSL is required" in told[SB].message
    assert "publish a redirect on port 80" in told[SB].remedy


def test_row_30_is_no_fault_where_no_redirect_is_planned() -> None:
    site = Site(MULTI, http=Connect.CONNECTED, http_answer=page(403, "403.4 - SSL is required"))
    assert verdict(healthy("host").site(SERVER, site)).state.value == "OK"


def test_row_51_a_page_on_port_80_is_no_fault_where_no_redirect_is_planned() -> None:
    site = Site(MULTI, http=Connect.CONNECTED, http_answer=PAGE)
    assert verdict(healthy("host").site(SERVER, site)).state.value == "OK"


@pytest.mark.parametrize(
    ("code", "text"),
    [(403, "1403.7"), (403, "403.71"), (403, "403.7.1"), (200, "403.7"), (500, "403.16"), (403, "0x80070032")],
)
def test_a_number_that_only_looks_like_a_sub_status_is_no_sign(code: int, text: str) -> None:
    assert sign_of((page(code, text),)) is None


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: sign.code)
def test_no_sign_proves_anything_of_a_server_that_serves(sign: object) -> None:
    assert EXCHANGE.status not in getattr(sign, "statuses", ())


def test_what_has_no_addresses_is_told_without_brackets() -> None:
    report = verdict(incidents.row_36("host"))
    told = [item for item in report.judgements if item.finding.rule == "service-foreign-login"]
    assert told
    for item in told:
        assert "()" not in item.message
        assert item.message.startswith("https://autodiscover.contoso.com is not the domain's server")
