"""What `-vv` tells of DNS: every answer as its resolver gave it, and the catch-all of each view in words."""

from dataclasses import replace

import pytest

from check_autodiscover.core.model.observations import (
    Connect,
    Contact,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    Exchange,
    Handshake,
    HttpAnswer,
    RecordType,
    Scheme,
    Srv,
    Tls,
)
from check_autodiscover.core.model.policy import Resolver, View
from check_autodiscover.output.details import details
from tests.core.incidents import HOSTER
from tests.plugin.report_factory import HEALTHY
from tests.plugin.survey_factory import INSIDE, survey

A, SRV, SOA = RecordType.A, RecordType.SRV, RecordType.SOA
NXDOMAIN, NODATA, ANSWER = DnsStatus.NXDOMAIN, DnsStatus.NODATA, DnsStatus.ANSWER
RESOLVER = INSIDE.resolvers[0].label

Answers = dict[tuple[str, RecordType], DnsAnswer]


def _told(answers: Answers, view: View = INSIDE) -> list[str]:
    """The lines about DNS when one resolver of one view says this."""
    lookups = {DnsQuestion("inside", RESOLVER, *asked): answer for asked, answer in answers.items()}
    report = replace(HEALTHY, walks=(), survey=survey(view, lookups=lookups))
    return list(details(report, 2))


def _of(line: str, lines: list[str]) -> str:
    """The end of the one line that starts so."""
    (found,) = (each for each in lines if each.startswith(line))
    return found.removeprefix(line)


@pytest.mark.parametrize("status", [NXDOMAIN, NODATA])
@pytest.mark.parametrize("asked", [("autodiscover.contoso.com", A), ("_autodiscover._tcp.contoso.com", SRV)])
def test_how_long_clients_remember_that_there_is_nothing_is_said(
    status: DnsStatus, asked: tuple[str, RecordType]
) -> None:
    lines = _told({asked: DnsAnswer(status, ttl=900, zone="contoso.com")})
    end = ", zone contoso.com, clients may keep this negative answer for 900 s"
    assert _of(f"DNS inside {RESOLVER} {asked[0]} {asked[1].value}: ", lines) == f"{status.value}{end}"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (("autodiscover.contoso.com", A), DnsAnswer(ANSWER, ("10.0.0.1",), ttl=900)),
        (("x1.contoso.com", A), DnsAnswer(NXDOMAIN, ttl=900)),
        (("contoso.com", SOA), DnsAnswer(NODATA, ttl=900)),
    ],
    ids=["an answer", "a random name", "a type that no client asks for"],
)
def test_it_is_not_said_of_what_is_there_or_what_no_client_asks_for(
    asked: tuple[str, RecordType], answer: DnsAnswer
) -> None:
    text = "\n".join(_told({asked: answer}))
    assert "TTL 900" in text
    assert "negative answer" not in text


def test_each_resolver_of_a_view_is_told_with_its_own_answer() -> None:
    view = View("inside", (Resolver("10.0.0.2"), Resolver("10.0.0.3")))
    lookups = {
        DnsQuestion("inside", "10.0.0.2", "autodiscover.contoso.com", A): DnsAnswer(NXDOMAIN),
        DnsQuestion("inside", "10.0.0.3", "autodiscover.contoso.com", A): DnsAnswer(ANSWER, ("192.0.2.1",)),
    }
    lines = list(details(replace(HEALTHY, walks=(), survey=survey(view, lookups=lookups)), 2))
    assert _of("DNS inside 10.0.0.2 autodiscover.contoso.com A: ", lines) == "nxdomain"
    assert _of("DNS inside 10.0.0.3 autodiscover.contoso.com A: ", lines) == "answer, 192.0.2.1"


def test_what_another_path_of_a_connection_answered_is_told_with_that_path() -> None:
    asked = EndpointQuestion("mail.contoso.com", "192.0.2.1", 443, Scheme.HTTPS)
    answers = (
        HttpAnswer("POST", Exchange.ANSWERED, 500),
        HttpAnswer("GET", Exchange.ANSWERED, 200, path="/autodiscover/autodiscover.json"),
    )
    seen = survey(INSIDE, contacts={asked: Contact(Connect.CONNECTED, answers=answers)})
    text = "\n".join(details(replace(HEALTHY, walks=(), survey=seen), 2))
    assert "connected; POST 500; GET /autodiscover/autodiscover.json 200" in text


def test_what_the_zones_own_server_said_is_marked_and_so_is_an_answer_without_validation() -> None:
    soa = DnsAnswer(ANSWER, authoritative=True, serial=7, names=("ns1.contoso.com",))
    lookups = {
        DnsQuestion("", "192.0.2.9", "contoso.com", SOA, direct=True): soa,
        DnsQuestion("inside", RESOLVER, "contoso.com", A, checking_disabled=True): DnsAnswer(
            NXDOMAIN, compact_denial=True, synthesized=True
        ),
    }
    lines = list(details(replace(HEALTHY, walks=(), survey=survey(INSIDE, lookups=lookups)), 2))
    told = _of("DNS direct 192.0.2.9 contoso.com SOA: ", lines)
    assert told == "answer, ns1.contoso.com, serial 7, authoritative"
    marks = "nxdomain, made by a wildcard, as its signature shows, denied compactly"
    assert _of(f"DNS inside {RESOLVER} contoso.com A unvalidated: ", lines) == marks


def _random(answer: DnsAnswer) -> Answers:
    return {(f"{label}.contoso.com", type_): answer for label in ("x1", "x2") for type_ in (A, RecordType.AAAA)}


STRANGER = DnsAnswer(ANSWER, ("198.51.100.80",))
AWAY = DnsAnswer(NXDOMAIN, aliases=("www.hoster.example",))


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (_random(DnsAnswer(NXDOMAIN)), "no *.contoso.com"),
        ({}, "whether *.contoso.com exists could not be told, no answer to rely on"),
        (
            _random(DnsAnswer(NODATA)),
            "whether *.contoso.com exists could not be told, names that do not exist are said to exist without records",
        ),
        (_random(STRANGER), "*.contoso.com exists and leads to 198.51.100.80"),
        (
            {**_random(STRANGER), ("autodiscover.contoso.com", A): STRANGER},
            "*.contoso.com exists and leads to 198.51.100.80; it answers for autodiscover.contoso.com",
        ),
        (
            {
                **_random(STRANGER),
                ("autodiscover.contoso.com", A): DnsAnswer(NODATA),
                ("autodiscover.contoso.com", RecordType.AAAA): DnsAnswer(NODATA),
            },
            "*.contoso.com exists and leads to 198.51.100.80; autodiscover.contoso.com is an entry of its own",
        ),
        (
            {
                **_random(AWAY),
                ("autodiscover.contoso.com", A): DnsAnswer(ANSWER, ("192.0.2.1",)),
                ("_autodiscover._tcp.contoso.com", SRV): AWAY,
            },
            "*.contoso.com exists and leads to alias www.hoster.example; autodiscover.contoso.com is an entry of its "
            "own; it answers for _autodiscover._tcp.contoso.com",
        ),
    ],
    ids=["none", "not asked", "inconclusive", "unknown reach", "captures", "tombstone", "alias at the SRV name"],
)
def test_the_catch_all_of_a_view_is_told_in_words_with_what_it_takes(answers: Answers, words: str) -> None:
    assert next(line for line in _told(answers) if line.startswith("Catch-all")) == f"Catch-all inside: {words}"


def test_a_catch_all_for_srv_names_is_told_beside_it() -> None:
    wild = DnsAnswer(ANSWER, services=(Srv(0, 0, 443, "remote.contoso.com"),))
    lines = _told({(f"{label}._tcp.contoso.com", SRV): wild for label in ("x1", "x2")})
    assert "Catch-all inside: *._tcp.contoso.com exists and leads to remote.contoso.com" in lines


@pytest.mark.parametrize("hostile", ["\x1b]0;owned\x07", "\ud800", "a|b<c>"])
def test_whatever_a_saved_survey_holds_is_shown_as_plain_text(hostile: str) -> None:
    """Names of views, addresses and fingerprints come from a file that anybody may have written."""
    view = View(hostile, (Resolver("10.0.0.2"),))
    met = EndpointQuestion(hostile, hostile, 443, Scheme.HTTPS)
    certificate = replace(HOSTER, fingerprint=hostile, subject=hostile, issuer=hostile, dns_names=(hostile,))
    contact = Contact(Connect.CONNECTED, Tls(Handshake.ESTABLISHED, hostile, (certificate,)))
    lookups = {
        DnsQuestion(hostile, hostile, hostile, A): DnsAnswer(ANSWER, (hostile,), aliases=(hostile,), zone=hostile)
    }
    seen = replace(survey(view, lookups=lookups, contacts={met: contact}), domain=hostile)
    walks = (replace(HEALTHY.walks[0], view=hostile),)
    text = "\n".join(details(replace(HEALTHY, walks=walks, survey=seen), 3))
    assert hostile not in text
    assert text.replace("\n", "").isprintable()
    assert text.isascii()
