"""What a server makes TLS cost us: dear steps leave the event loop, and the sum of all is bounded."""

import asyncio
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from check_autodiscover.core.model.observations import Connect, EndpointQuestion, Handshake, Scheme, Tls
from check_autodiscover.probes.endpoint import ConnectionProbe
from check_autodiscover.probes.limits import MOST_SECONDS, Effort, Spent
from check_autodiscover.probes.tls import TlsStream
from check_autodiscover.probes.trust import Trust
from tests.probes.visiting import LOGIN, LONG, NAME, Visits, shaken
from tests.probes.web import answer, serve, tls_context


class Work:
    """A clock of CPU: each step takes so many seconds. Remembers the threads that worked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        self.now = 0.0
        self.seconds = seconds
        self.threads: list[int] = []
        monkeypatch.setattr("check_autodiscover.probes.limits.time.thread_time", self)

    def __call__(self) -> float:
        # Asked before and after each step.
        self.threads.append(threading.get_ident())
        self.now += self.seconds
        return self.now

    @property
    def aside(self) -> int:
        """How many steps were done in another thread than the test's."""
        return sum(each != threading.get_ident() for each in self.threads) // 2


DH_2048 = """-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
"""
"""The group ffdhe2048 of RFC 7919."""


@pytest.fixture
def old(tmp_path: Path, authority: trustme.CA) -> ssl.SSLContext:
    """A server of old: Diffie-Hellman in a finite field, and nothing else."""
    context = tls_context(authority.issue_cert(NAME, key_type=trustme.KeyType.RSA))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("DHE-RSA-AES256-GCM-SHA384")
    (tmp_path / "dh.pem").write_text(DH_2048)
    context.load_dh_params(str(tmp_path / "dh.pem"))
    return context


def test_a_server_with_finite_fields_alone_is_seen_on_a_second_try_outside_the_loop(
    visits: Visits, old: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(monkeypatch, 0.0)
    contact, site = visits.visit(answer(LOGIN), old)
    assert shaken(contact)[0] is Handshake.ESTABLISHED
    assert contact.tls is not None
    assert contact.tls.chain
    assert [each.status for each in contact.answers] == [401]
    assert len(site.names) == 2
    assert work.aside >= 3


def test_a_usual_handshake_stays_in_the_loop(
    visits: Visits, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(monkeypatch, 0.0)
    contact, _ = visits.visit(answer(LOGIN), tls)
    assert shaken(contact)[0] is Handshake.ESTABLISHED
    assert (work.aside, len(work.threads) > 0) == (0, True)


@pytest.mark.parametrize("piece", [1_000, 16_384])
def test_a_long_chain_is_verified_and_read_outside_the_loop_however_small_its_pieces(
    visits: Visits, monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, piece: int
) -> None:
    monkeypatch.setattr("check_autodiscover.probes.tls._READ", piece)
    long = authority.issue_cert(NAME, *(f"name{number}.example.com" for number in range(600)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    long.configure_cert(context)
    work = Work(monkeypatch, 0.0)
    read: list[int] = []
    describe = TlsStream.describe

    def describe_noting(stream: TlsStream) -> Tls:
        read.append(threading.get_ident())
        return describe(stream)

    monkeypatch.setattr(TlsStream, "describe", describe_noting)
    contact, _ = visits.visit(answer(LOGIN), context)
    assert shaken(contact)[0] is Handshake.ESTABLISHED
    assert work.aside >= 1
    assert threading.get_ident() not in read
    assert len(read) == 1


def test_once_the_work_of_a_check_is_spent_nothing_more_is_contacted(
    trust: Trust, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    Work(monkeypatch, MOST_SECONDS / 4)

    async def visit() -> tuple[list[Connect], int]:
        async with serve(answer(LOGIN), tls, "127.0.0.1") as site:
            prober = ConnectionProbe(trust, "example.com", connect_timeout=LONG)
            await prober.prepare()
            question = EndpointQuestion(NAME, "127.0.0.1", site.port, Scheme.HTTPS)
            give_up_at = asyncio.get_running_loop().time() + LONG
            found = [(await prober.probe_endpoint(question, give_up_at)).connect for _ in range(20)]
            return found, len(site.names)

    found, shaken_hands = asyncio.run(visit())
    assert found[-15:] == [Connect.OVER_BUDGET] * 15
    # Each step counts a quarter: after four none is begun.
    assert shaken_hands <= 4


def test_a_step_that_is_cut_off_is_waited_for() -> None:
    """OpenSSL works on the session still, and two threads on one session end the process."""
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def step() -> None:
        begun.set()
        go_on.wait(LONG)
        ended.set()

    async def cut() -> None:
        task = asyncio.create_task(Effort().do_aside(step))
        while not begun.is_set():
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    asyncio.run(cut())


def test_what_is_spent_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    Work(monkeypatch, MOST_SECONDS)
    effort = Effort()
    done: list[Callable[[], None]] = []
    effort.do(lambda: None)
    assert effort.is_spent
    with pytest.raises(Spent):
        effort.do(lambda: done.append(lambda: None))
    assert done == []
