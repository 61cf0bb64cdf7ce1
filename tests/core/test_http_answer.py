import pytest
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.core.analysis.replies import (
    _ROOT_ELEMENT,
    AnswerClass,
    authentication_methods,
    classify,
    decisive_answer,
    redirect_of,
    redirect_target,
)
from check_autodiscover.core.model.observations import EndpointQuestion, Exchange, HttpAnswer, Scheme
from check_autodiscover.core.model.urls import RedirectTarget, is_autodiscover_path

URL = "https://mail.contoso.com/autodiscover/autodiscover.xml"
XML = (
    '<?xml version="1.0" encoding="utf-8"?>\r\n'
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"><Response>'
)
ASKED = EndpointQuestion("contoso.com", "192.0.2.1", 8443, Scheme.HTTPS)


def answer(status: int, *headers: tuple[str, str], body: str = "", method: str = "GET") -> HttpAnswer:
    return HttpAnswer(method, Exchange.ANSWERED, status, headers, body)


def login(*methods: str) -> HttpAnswer:
    return answer(401, *(("www-authenticate", method) for method in methods))


def located(location: str, status: int = 302) -> HttpAnswer:
    return answer(status, ("location", location))


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (login("Negotiate", "NTLM", 'Basic realm="mail.contoso.com"'), AnswerClass.EXCHANGE),
        (login("Bearer authorization_uri=https://login.example"), AnswerClass.EXCHANGE),
        (login('Basic realm="Plesk"'), AnswerClass.PASSWORD),
        (login('Digest realm="x", nonce="y"'), AnswerClass.PASSWORD),
        (answer(401, ("x-feserver", "EX01"), ("www-authenticate", "Basic")), AnswerClass.EXCHANGE),
        (answer(401, ("x-soap-enabled", "True"), ("www-authenticate", "Basic")), AnswerClass.EXCHANGE),
        (answer(401), AnswerClass.NO_METHOD),
        (answer(401, ("x-feserver", "EX01")), AnswerClass.NO_METHOD),
        (login("Form"), AnswerClass.NO_METHOD),
        (answer(200, body=XML), AnswerClass.SETTINGS),
        (answer(200, body="\xef\xbb\xbf" + XML), AnswerClass.SETTINGS),
        (answer(200, body=XML.encode("utf-16").decode("latin-1")), AnswerClass.SETTINGS),
        (answer(200, body=XML.replace("<Auto", "<a:Auto").replace("xmlns=", "xmlns:a=")), AnswerClass.SETTINGS),
        (answer(200, body="<html>" + XML), AnswerClass.WEBSITE),
        (answer(200, body="<Autodiscover>"), AnswerClass.WEBSITE),
        (answer(200, body='<!DOCTYPE a [<!ENTITY b "c">]>' + XML), AnswerClass.WEBSITE),
        (answer(200, ("x-owa-version", "15.2")), AnswerClass.WEBSITE),
        (answer(204), AnswerClass.WEBSITE),
        (answer(403), AnswerClass.FORBIDDEN),
        (answer(404), AnswerClass.NOT_FOUND),
        (answer(405), AnswerClass.NOT_FOUND),
        (answer(410), AnswerClass.NOT_FOUND),
        (answer(421), AnswerClass.NOT_FOUND),
        (answer(501), AnswerClass.NOT_FOUND),
        (answer(500), AnswerClass.FAILING),
        (answer(502, body=XML), AnswerClass.FAILING),
        (answer(503), AnswerClass.FAILING),
        (answer(503, ("retry-after", "30")), AnswerClass.BUSY),
        (answer(429), AnswerClass.BUSY),
        (answer(100), AnswerClass.BROKEN),
        (answer(999), AnswerClass.BROKEN),
        (located(URL), AnswerClass.REDIRECT),
        (located(URL.upper(), 308), AnswerClass.REDIRECT),
        (located(URL, 304), AnswerClass.REDIRECT_ELSEWHERE),
        (located("http://mail.contoso.com/autodiscover/autodiscover.xml"), AnswerClass.REDIRECT_ELSEWHERE),
        (located("https://mail.contoso.com/owa/"), AnswerClass.REDIRECT_ELSEWHERE),
        (located("https://www.contoso.com/?u=/autodiscover/autodiscover.xml"), AnswerClass.REDIRECT_ELSEWHERE),
        (answer(302), AnswerClass.REDIRECT_ELSEWHERE),
        (HttpAnswer("GET", Exchange.RESET), AnswerClass.BROKEN),
        (HttpAnswer("GET", Exchange.CLOSED), AnswerClass.BROKEN),
        (HttpAnswer("GET", Exchange.MALFORMED), AnswerClass.BROKEN),
        (HttpAnswer("GET", Exchange.SILENT), AnswerClass.SILENT),
        (HttpAnswer("GET", Exchange.CUT_SHORT), AnswerClass.UNSEEN),
    ],
)
def test_one_answer_is_classified_as_the_reference_says(one: HttpAnswer, expected: AnswerClass) -> None:
    assert expected is classify((one,))


POST_404 = answer(404, method="POST")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((), AnswerClass.UNSEEN),
        ((login("Negotiate"),), AnswerClass.EXCHANGE),
        ((login("Negotiate"), POST_404), AnswerClass.EXCHANGE),
        ((answer(405), answer(200, body=XML, method="POST")), AnswerClass.SETTINGS),
        ((answer(200), POST_404), AnswerClass.NOT_FOUND),
        ((located(URL), POST_404), AnswerClass.NOT_FOUND),
        ((answer(403), HttpAnswer("POST", Exchange.CLOSED)), AnswerClass.FORBIDDEN),
        ((HttpAnswer("GET", Exchange.RESET), HttpAnswer("POST", Exchange.CUT_SHORT)), AnswerClass.BROKEN),
        ((HttpAnswer("GET", Exchange.CUT_SHORT), HttpAnswer("POST", Exchange.SILENT)), AnswerClass.SILENT),
    ],
)
def test_health_wins_then_what_outlook_is_told(answers: tuple[HttpAnswer, ...], expected: AnswerClass) -> None:
    assert expected is classify(answers)
    assert expected is classify(answers[::-1])


@pytest.mark.parametrize("outcome", [outcome for outcome in Exchange if outcome is not Exchange.ANSWERED])
def test_every_way_of_not_answering_has_a_class(outcome: Exchange) -> None:
    bad = {AnswerClass.BROKEN, AnswerClass.SILENT, AnswerClass.UNSEEN}
    assert classify((HttpAnswer("GET", outcome),)) in bad


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (URL, RedirectTarget(Scheme.HTTPS, "mail.contoso.com", None, "/autodiscover/autodiscover.xml")),
        ("HTTPS://Mail.Contoso.com:443/a?b=c#d", RedirectTarget(Scheme.HTTPS, "mail.contoso.com", 443, "/a?b=c")),
        ("http://contoso.com", RedirectTarget(Scheme.HTTP, "contoso.com", None, "/")),
        ("https://contoso.com?x", RedirectTarget(Scheme.HTTPS, "contoso.com", None, "/?x")),
        ("https://contoso.com:/", RedirectTarget(Scheme.HTTPS, "contoso.com", None, "/")),
        ("https://contoso.com@evil.example/", RedirectTarget(Scheme.HTTPS, "evil.example", None, "/")),
        ("https://user:secret@contoso.com/", RedirectTarget(Scheme.HTTPS, "contoso.com", None, "/")),
        ("https://contoso.com/autodiscover/../owa/.", RedirectTarget(Scheme.HTTPS, "contoso.com", None, "/owa/")),
        ("//cdn.example/x", RedirectTarget(Scheme.HTTPS, "cdn.example", None, "/x")),
        ("/owa", RedirectTarget(Scheme.HTTPS, "contoso.com", 8443, "/owa")),
        ("other.xml?y", RedirectTarget(Scheme.HTTPS, "contoso.com", 8443, "/autodiscover/other.xml?y")),
        ("?y", RedirectTarget(Scheme.HTTPS, "contoso.com", 8443, "/autodiscover/autodiscover.xml?y")),
        ("https:\\\\evil.example/", None),
        ("https:///nowhere", None),
        ("https:nowhere", None),
        ("https://192.0.2.1/", RedirectTarget(Scheme.HTTPS, "192.0.2.1", None, "/")),
        ("https://192.0.2.1.5/", None),
        ("https://192.0.2.256/", None),
        ("https://[2001:DB8::1]:444/", RedirectTarget(Scheme.HTTPS, "2001:db8::1", 444, "/")),
        ("https://2001:db8::1/", None),
        ("https://[192.0.2.1]/", None),
        ("https://a_b.example/", None),
        ("https://contoso.com:99999/", None),
        ("https://contoso.com:x/", None),
        ("ftp://contoso.com/", None),
        ("javascript:alert(1)", None),
        ("https://contoso.com/a b", None),
        ("https://contoso.com/\r\nx", None),
        ("https://b\xfccher.example/", None),
        ("https://contoso.com/" + "a" * 3000, None),
        ("", None),
    ],
)
def test_a_location_leads_to_one_url_or_nowhere(location: str, expected: RedirectTarget | None) -> None:
    assert expected == redirect_target(located(location), ASKED)


def test_a_location_without_a_host_leads_nowhere_unless_it_is_known_what_was_asked() -> None:
    relative = located("/autodiscover/autodiscover.xml")
    assert redirect_target(relative) is None
    assert classify((relative,)) is AnswerClass.REDIRECT_ELSEWHERE
    assert classify((relative,), ASKED) is AnswerClass.REDIRECT


def test_only_a_redirect_has_a_target() -> None:
    assert redirect_target(answer(200, ("location", URL))) is None
    assert redirect_of((answer(404), answer(200, ("location", URL), method="POST"))) is None
    assert redirect_of(()) is None


def test_the_redirect_of_a_connection_is_that_of_the_answer_that_counts() -> None:
    answers = (located("https://www.contoso.com/"), answer(302, ("location", URL), method="POST"))
    assert decisive_answer(answers) == answers[1]
    assert redirect_of(answers) == redirect_target(answers[1])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/autodiscover/autodiscover.xml", True),
        ("/AutoDiscover/AutoDiscover.XML?x=y", True),
        ("/autodiscover/a/b/autodiscover.xml", True),
        ("/autodiscover/autodiscoverXxml", False),
        ("/x/autodiscover/autodiscover.xml", False),
        ("/autodiscover/autodiscover.xml/", False),
        ("/autodiscover/autodiscover.svc", False),
        ("/owa?/autodiscover/autodiscover.xml", False),
    ],
)
def test_clients_follow_a_redirect_to_an_autodiscover_path_only(path: str, expected: bool) -> None:
    assert expected == is_autodiscover_path(path)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("negotiate", "ntlm"), ("Negotiate", "NTLM")),
        (('Negotiate, NTLM, Basic realm="a, Digest b", charset="UTF-8"',), ("Negotiate", "NTLM", "Basic")),
        (("NTLM TlRMTVNTUAAC==",), ("NTLM",)),
        (('Basic realm="\\"Negotiate, NTLM"',), ("Basic",)),
        (('Basic realm="never closed, Negotiate',), ("Basic",)),
        (("Basic realm = x, stale = true",), ("Basic",)),
        (("Basic", "BASIC"), ("Basic",)),
        (("", ",,", "= x"), ()),
    ],
)
def test_the_offered_schemes_are_told_from_their_parameters(values: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert expected == authentication_methods(login(*values))


HOSTILE = st.text(alphabet=st.characters(max_codepoint=255), max_size=400)


@given(status=st.integers(-1, 999), location=HOSTILE, challenge=HOSTILE, body=HOSTILE)
def test_no_answer_raises(status: int, location: str, challenge: str, body: str) -> None:
    one = answer(status, ("location", location), ("www-authenticate", challenge), body=body)
    assert isinstance(classify((one,), ASKED), AnswerClass)
    redirect_of((one,), ASKED)


def test_a_page_of_line_breaks_is_read_once() -> None:
    """Begun anew at each of its lines, reading it would not end."""
    assert _ROOT_ELEMENT.match("\n" * 10_000_000) is None
    assert _ROOT_ELEMENT.match('\n<?xml version="1.0"?>\n\n<Autodiscover xmlns="">') is not None
