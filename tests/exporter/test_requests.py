"""What each request is answered, over real sockets."""

import asyncio
import json
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

from autodiscover_exporter.endpoints.operations import Readiness
from autodiscover_exporter.web.messages import Request
from check_autodiscover.config.file import Configuration, Domain, Module
from check_autodiscover.core.model.metrics import Measure
from check_autodiscover.core.model.policy import Method, View
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.verdict.judge import judge
from check_autodiscover.named_files import PasswordError
from check_autodiscover.output.text import render_text
from check_autodiscover.probes.trust import TrustError
from tests.exporter.conftest import Serving, Start
from tests.exporter.reports import HEALTHY, TRAPPED, ScriptedProbe

EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


def _healthy() -> Report:
    return HEALTHY


def _series(text: str) -> dict[str, float]:
    lines = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_a_probe_answers_the_metrics_of_its_report(start: Start) -> None:
    with start(ScriptedProbe(_healthy)) as serving:
        answer = serving.ask("/probe?target=contoso.com")
    assert (answer.status, answer.headers["content-type"]) == (200, EXPOSITION)
    assert _series(answer.text)['autodiscover_view_up{view="inside"}'] == 1


def test_a_failing_domain_is_a_successful_scrape(start: Start) -> None:
    with start(ScriptedProbe(lambda: TRAPPED)) as serving:
        answer = serving.ask("/probe?target=contoso.com")
    assert answer.status == 200
    assert _series(answer.text)["probe_success"] == 0


def test_debug_tells_the_findings_before_the_metrics(start: Start) -> None:
    survey = HEALTHY.survey
    report = judge(survey, now=survey.ended)
    with start(ScriptedProbe(lambda: report)) as serving:
        plain = serving.ask("/probe?target=contoso.com")
        debug = serving.ask("/probe?target=contoso.com&debug=true")
    assert debug.headers["content-type"] == "text/plain; charset=utf-8"
    assert debug.text == f"{render_text(report, 2, True)}\n\n{plain.text}"


GUARDED = Configuration(
    modules={"default": {}, "quick": {"timeout": 2.0}},
    domains={"contoso.com": Domain("quick", {"https_port": 8443})},
    allowed=("*.fabrikam.com",),
)


@pytest.mark.parametrize(("target", "status"), [("contoso.com", 200), ("a.fabrikam.com", 200), ("fabrikam.com", 403)])
def test_only_what_configuration_names_is_looked_at(start: Start, target: str, status: int) -> None:
    probe = ScriptedProbe(_healthy)
    with start(probe, GUARDED) as serving:
        answer = serving.ask(f"/probe?target={target}")
    assert answer.status == status
    assert len(probe.asked) == (status == 200)
    if status == 403:
        assert answer.text == "fabrikam.com is not configured here: name it under domains, or in targets.allow\n"


def test_a_module_that_contradicts_the_domain_is_a_wrong_parameter(start: Start) -> None:
    pinned = Configuration(
        modules={"default": {}, "cloud": {"methods": {"": Method.EXCHANGE_ONLINE}}},
        domains={"contoso.com": Domain(level={"issuers": ("Example CA",)})},
    )
    probe = ScriptedProbe(_healthy)
    with start(probe, pinned) as serving:
        answer = serving.ask("/probe?target=contoso.com&module=cloud")
    assert (answer.status, probe.asked) == (400, [])
    assert answer.text.startswith("'Example CA' is never looked at under the method exchange-online: ")


def test_the_configured_domains_are_discovered_with_their_labels(start: Start) -> None:
    methods = {"inside": Method.HOST, "outside": Method.SRV}
    configuration = Configuration(
        views=(View("inside", ()), View("outside", ())),
        modules={"default": {}, "quick": {}},
        domains={
            "contoso.com": Domain("quick", {"servers": ("a.b", "c.d"), "methods": methods}, {"customer": "contoso"}),
            "fabrikam.com": Domain(),
        },
    )
    with start(ScriptedProbe(_healthy), configuration) as serving:
        answer = serving.ask("/sd")
    assert answer.headers["content-type"] == "application/json"
    meta = "__meta_autodiscover_"
    assert json.loads(answer.text) == [
        {
            "targets": ["contoso.com"],
            "labels": {
                "customer": "contoso",
                "__param_module": "quick",
                f"{meta}method": "mixed",
                f"{meta}server": "a.b",
            },
        },
        {
            "targets": ["fabrikam.com"],
            "labels": {"__param_module": "default", f"{meta}method": "auto", f"{meta}server": ""},
        },
    ]


def test_nothing_is_discovered_where_no_domain_is_configured(start: Start) -> None:
    with start(ScriptedProbe(_healthy)) as serving:
        assert serving.ask("/sd").text == "[]"


@pytest.mark.parametrize(("query", "seconds"), [("", 2.0), ("&module=default", 10.0)])
def test_a_domain_is_looked_at_by_its_own_module_unless_another_is_asked_for(
    start: Start, query: str, seconds: float
) -> None:
    probe = ScriptedProbe(_healthy)
    with start(probe, GUARDED) as serving:
        serving.ask(f"/probe?target=contoso.com{query}")
    (asked,) = probe.asked
    assert (asked.timeout, asked.module.policy.https_port) == (seconds, 8443)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "the parameter target is missing: /probe?target=contoso.com"),
        ("?target=", "the parameter target is missing: /probe?target=contoso.com"),
        ("?target=a.example&target=b.example", "the parameter target is given 2 times"),
        ("?target=contoso.com&modul=x", "unknown parameter 'modul': there are target, module, debug"),
        ("?target=contoso.com&module=x", "unknown module 'x': there are default, quick"),
        ("?target=contoso.com&debug=perhaps", "debug is 'perhaps': there are true, 1, false, 0"),
        ("?" + "x=1&" * 20, "the query string has too many parameters"),
    ],
)
def test_a_wrong_parameter_is_refused_with_the_reason(start: Start, query: str, reason: str) -> None:
    probe = ScriptedProbe(_healthy)
    with start(probe) as serving:
        answer = serving.ask(f"/probe{query}")
    assert (answer.status, answer.text, probe.asked) == (400, f"{reason}\n", [])


@pytest.mark.parametrize("target", ["localhost", "192.0.2.1", "a..example", "-a.example", "%0d%0aX:y", "%ff%fe", "<b>"])
def test_what_is_no_mail_domain_is_refused_in_one_clean_line(start: Start, target: str) -> None:
    probe = ScriptedProbe(_healthy)
    with start(probe) as serving:
        answer = serving.ask(f"/probe?target={target}")
    assert answer.status == 400
    assert answer.text.startswith("target: ")
    assert answer.text.count("\n") == 1
    assert "<" not in answer.text
    assert probe.asked == []


def test_a_domain_is_probed_in_its_ascii_form(start: Start) -> None:
    probe = ScriptedProbe(_healthy)
    with start(probe) as serving:
        serving.ask("/probe?target=B%C3%BCcher.Example.")
    assert [asked.domain for asked in probe.asked] == ["xn--bcher-kva.example"]


@pytest.mark.parametrize(
    ("module", "header", "timeout"),
    [
        ("default", None, 10.0),
        ("quick", None, 2.0),
        ("default", "5", 4.5),
        ("default", "60", 10.0),
        ("quick", "5", 2.0),
        ("default", "0.6", 0.3),
    ],
)
def test_the_time_is_prometheus_s_less_the_offset_but_never_the_module_s(
    start: Start, module: str, header: str | None, timeout: float
) -> None:
    probe = ScriptedProbe(_healthy)
    headers = {} if header is None else {"X_Prometheus_Scrape_Timeout_Seconds": header}
    with start(probe) as serving:
        serving.ask(f"/probe?target=contoso.com&module={module}", **headers)
    assert [(each.domain, each.module.name, each.timeout) for each in probe.asked] == [("contoso.com", module, timeout)]


@pytest.mark.parametrize("header", ["soon", "0", "-1", "nan", "inf"])
def test_a_scrape_timeout_that_is_none_is_refused(start: Start, header: str) -> None:
    with start(ScriptedProbe(_healthy)) as serving:
        answer = serving.ask("/probe?target=contoso.com", X_Prometheus_Scrape_Timeout_Seconds=header)
    assert (answer.status, header in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyError("a bug"), "internal"),
        (TimeoutError(), "overrun"),
        (TrustError("corp-ca.pem: no such file"), "trust-anchors"),
        (PasswordError("scp.pw: no such file"), "password-file"),
    ],
)
def test_our_own_fault_is_a_failed_probe_with_its_reason_and_no_500(
    start: Start, error: Exception, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> Report:
        raise error

    with start(ScriptedProbe(fail)) as serving:
        answer = serving.ask("/probe?target=contoso.com")
        own = _series(serving.ask("/metrics").text)
    series = _series(answer.text)
    assert answer.status == 200
    assert (series["probe_success"], series["autodiscover_exit_code"]) == (0, 3)
    assert 'rule="check-internal-error"' in answer.text
    assert own[f'autodiscover_exporter_probe_errors_total{{reason="{reason}"}}'] == 1
    assert [record.message for record in caplog.records] == ["probe failed"]


def test_a_report_that_cannot_be_written_down_is_our_own_fault_too(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    broken = replace(HEALTHY, measures=(Measure(metric="probe_success", value=1, labels=((), ())),))  # type: ignore[arg-type]  # that is what is tried
    with start(ScriptedProbe(lambda: broken)) as serving:
        answer = serving.ask("/probe?target=contoso.com")
    assert (answer.status, _series(answer.text)["probe_success"]) == (200, 0)
    assert [record.message for record in caplog.records] == ["probe failed"]


def test_probes_are_counted_by_outcome_and_over_when_answered(start: Start) -> None:
    with start(ScriptedProbe(_healthy)) as serving:
        serving.ask("/probe?target=contoso.com")
        own = _series(serving.ask("/metrics").text)
    assert own['autodiscover_exporter_probes_total{outcome="ok"}'] == 1
    assert own["autodiscover_exporter_probe_duration_seconds_count"] == 1
    assert own["autodiscover_exporter_probes_in_flight"] == 0


def test_scrapes_of_one_domain_do_not_wait_for_those_of_another(start: Start) -> None:
    both = asyncio.Event()
    waiting = 0

    class Meeting:
        async def __call__(self, domain: str, module: Module, timeout: float) -> Report:
            nonlocal waiting
            waiting += 1
            if waiting == 2:
                both.set()
            await both.wait()
            return HEALTHY

    with start(Meeting()) as serving:
        statuses = _ask_together(serving, "/probe?target=a.example", "/probe?target=b.example")
    assert statuses == [200, 200]


def _ask_together(serving: Serving, *paths: str) -> list[int]:
    async def ask() -> list[int]:
        answers = await asyncio.gather(*(asyncio.to_thread(serving.ask, path) for path in paths))
        return [answer.status for answer in answers]

    return asyncio.run(ask())


def test_a_probe_under_way_is_answered_when_the_server_is_told_to_stop(start: Start) -> None:
    begun = threading.Event()
    released: Future[None] = Future()

    class Held:
        async def __call__(self, domain: str, module: Module, timeout: float) -> Report:
            begun.set()
            await asyncio.wrap_future(released)
            return HEALTHY

    with start(Held()) as serving, ThreadPoolExecutor() as threads:
        answer = threads.submit(serving.ask, "/probe?target=contoso.com")
        assert begun.wait(30)
        serving.stop()
        released.set_result(None)
        assert answer.result(30).status == 200


def test_healthy_says_so(start: Start) -> None:
    with start(ScriptedProbe(_healthy)) as serving:
        answer = serving.ask("/-/healthy")
    assert (answer.status, answer.text) == (200, "Healthy\n")


def test_ready_is_said_until_the_end_begins() -> None:
    async def answers() -> list[tuple[int, bytes]]:
        readiness = Readiness()
        before = await readiness(Request("/-/ready"))
        readiness.stop()
        after = await readiness(Request("/-/ready"))
        return [(answer.status, answer.body) for answer in (before, after)]

    assert asyncio.run(answers()) == [(200, b"Ready\n"), (503, b"Stopping\n")]


def test_the_first_page_leads_to_the_endpoints_for_programs(start: Start) -> None:
    with start(ScriptedProbe(_healthy)) as serving:
        page = serving.ask("/")
        for path in ("/sd", "/metrics", "/config", "/-/healthy", "/-/ready", "/rules/"):
            assert f'href="{path}"' in page.text
            assert serving.ask(path).status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<option>quick</option>" in page.text


@pytest.mark.parametrize("path", ["/nothing", "/probe/", "/metrics/x", "//", "/%2e%2e/etc/passwd"])
def test_an_unknown_path_is_not_found(start: Start, path: str) -> None:
    with start(ScriptedProbe(_healthy)) as serving:
        assert serving.ask(path).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_not_allowed(start: Start, method: str) -> None:
    probe = ScriptedProbe(_healthy)
    with start(probe) as serving:
        answer = serving.ask("/probe?target=contoso.com", method)
    assert (answer.status, answer.headers["allow"], probe.asked) == (405, "GET, HEAD", [])


def test_head_answers_as_get_without_a_body(start: Start) -> None:
    with start(ScriptedProbe(_healthy)) as serving:
        full = serving.ask("/-/healthy")
        head = serving.ask("/-/healthy", "HEAD")
    assert (head.status, head.text) == (200, "")
    assert head.headers["content-length"] == full.headers["content-length"]


def test_a_request_head_without_end_is_cut_off(start: Start) -> None:
    with start(ScriptedProbe(_healthy)) as serving, socket.create_connection(("127.0.0.1", serving.port), 30) as client:
        client.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 1_000_000)
        assert client.recv(1024).startswith(b"HTTP/1.1 431 ")
