"""The resolver probe against a real BIND: every transport, a signed zone, and signatures that do not fit."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec

import pytest
import trustme

from check_autodiscover.core.model.observations import DnsAnswer, DnsQuestion, DnsStatus, RecordType
from check_autodiscover.core.model.policy import Resolver, Transport
from check_autodiscover.probes.dns.resolver import ResolverProbe
from check_autodiscover.probes.trust import Trust
from tests.lacking import refuse
from tests.probes.dns_server import LONG
from tests.probes.named import NAME, ZONE, Named, start_authority, start_resolver


@pytest.fixture(scope="module")
def authority_server(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Named]:
    with start_authority(tmp_path_factory.mktemp("authority"), authority.issue_cert(NAME, "127.0.0.1")) as named:
        yield named


@pytest.fixture(scope="module")
def distrustful(authority_server: Named, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Named]:
    with start_resolver(tmp_path_factory.mktemp("resolver"), authority_server.dns) as named:
        yield named


def ask(resolver: Resolver, *questions: DnsQuestion, trust: Trust | None = None) -> list[DnsAnswer]:
    async def main() -> list[DnsAnswer]:
        probe = ResolverProbe(trust=trust)
        give_up_at = asyncio.get_running_loop().time() + LONG
        try:
            return [*await asyncio.gather(*(probe.probe_dns(each, resolver, give_up_at) for each in questions))]
        finally:
            await probe.close()

    return asyncio.run(main())


def direct(name: str, type_: RecordType = RecordType.A) -> DnsQuestion:
    return DnsQuestion("", "127.0.0.1", name, type_, direct=True)


def resolvers(named: Named) -> dict[str, Resolver]:
    host = "127.0.0.1"
    return {
        "udp": Resolver(host, named.dns),
        "tcp": Resolver(host, named.dns, Transport.TCP),
        "tls": Resolver(host, named.tls, Transport.TLS),
        "tls with a name": Resolver(host, named.tls, Transport.TLS, NAME),
        "https": Resolver(host, named.https, Transport.HTTPS, "", "/dns-query"),
        "https with a name": Resolver(host, named.https, Transport.HTTPS, NAME, "/dns-query"),
        "tls with a wrong name": Resolver(host, named.tls, Transport.TLS, "other.example.com"),
        "https with a wrong name": Resolver(host, named.https, Transport.HTTPS, "other.example.com", "/dns-query"),
        "https with a wrong path": Resolver(host, named.https, Transport.HTTPS, "", "/elsewhere"),
    }


def skip_without_extra(resolver: Resolver) -> None:
    if resolver.transport is Transport.HTTPS and find_spec("httpcore2") is None:
        refuse("the extra doh is not installed")


@pytest.mark.parametrize("kind", ["udp", "tcp", "tls", "tls with a name", "https", "https with a name"])
def test_every_transport_brings_the_same_answers(kind: str, authority_server: Named, trust: Trust) -> None:
    resolver = resolvers(authority_server)[kind]
    skip_without_extra(resolver)
    asked = [direct(f"n{number}.{ZONE}") for number in range(20)]
    asked += [direct(f"remote.{ZONE}"), direct(f"remote.{ZONE}", RecordType.MX), direct("example.com")]
    made, own, nothing, foreign = (*ask(resolver, *asked, trust=trust)[19:],)
    assert (made.addresses, made.synthesized) == (("192.0.2.66",), True)
    assert (own.addresses, own.synthesized) == (("192.0.2.7",), False)
    assert (nothing.status, nothing.zone, nothing.compact_denial) == (DnsStatus.NODATA, ZONE, False)
    assert foreign.status is DnsStatus.REFUSED


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("tls with a wrong name", DnsStatus.UNTRUSTED),
        ("https with a wrong name", DnsStatus.UNTRUSTED),
        ("https with a wrong path", DnsStatus.MALFORMED),
    ],
)
def test_server_that_is_not_the_one_meant_tells_nothing(
    kind: str, status: DnsStatus, authority_server: Named, trust: Trust
) -> None:
    resolver = resolvers(authority_server)[kind]
    skip_without_extra(resolver)
    (answer,) = ask(resolver, direct(f"remote.{ZONE}"), trust=trust)
    assert answer == DnsAnswer(status, seconds=answer.seconds)


def test_authority_tells_servers_mail_hosts_and_serial(authority_server: Named) -> None:
    types = (RecordType.NS, RecordType.MX, RecordType.SOA)
    servers, mail, start = ask(resolvers(authority_server)["udp"], *(direct(ZONE, type_) for type_ in types))
    assert (servers.names, mail.names) == ((f"ns.{ZONE}",), (f"remote.{ZONE}",))
    assert start.serial is not None
    assert start.serial >= 7
    assert all(answer.authoritative for answer in (servers, mail, start))


def test_referral_by_an_authority_is_no_answer_of_its_own(authority_server: Named) -> None:
    (answer,) = ask(resolvers(authority_server)["udp"], direct(f"mail.child.{ZONE}"))
    assert (answer.status, answer.authoritative) == (DnsStatus.REFUSED, False)


def test_disabled_checking_shows_what_a_bogus_signature_hides(distrustful: Named) -> None:
    question = replace(direct(f"remote.{ZONE}"), direct=False)
    checked, unchecked = (
        ask(resolvers(distrustful)["udp"], each)[0] for each in (question, replace(question, checking_disabled=True))
    )
    assert checked.status is DnsStatus.SERVFAIL
    assert (unchecked.status, unchecked.addresses) == (DnsStatus.ANSWER, ("192.0.2.7",))


def test_direct_question_asks_for_no_recursion(distrustful: Named) -> None:
    # A resolver answers from what it has, which for a name that nobody asked for is a referral or nothing.
    (answer,) = ask(resolvers(distrustful)["udp"], direct(f"fresh.{ZONE}"))
    assert answer.status not in (DnsStatus.ANSWER, DnsStatus.SERVFAIL)
