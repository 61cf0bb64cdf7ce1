"""`/api/v1/report`: the plugin's words over HTTP, with its exit code and the age of what it says."""

import asyncio
import json
from email.utils import parsedate_to_datetime

import pytest

from autodiscover_exporter.endpoints.report import ReportEndpoint
from autodiscover_exporter.endpoints.request import Asking
from autodiscover_exporter.results.results import Results
from autodiscover_exporter.telemetry import OwnMetrics
from autodiscover_exporter.web.messages import Request, Response
from check_autodiscover.config.levels import Configuration, Domain, Module, Rhythm
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.verdict.judge import judge
from check_autodiscover.named_files import PasswordError
from check_autodiscover.output.report_json import render_json
from check_autodiscover.output.text import render_log, render_text
from check_autodiscover.probes.trust import TrustError
from tests.exporter.conftest import Start
from tests.exporter.reports import HEALTHY, ScriptedProbe
from tests.house.rule_worlds import surveys

PATH = "/api/v1/report?target=contoso.com"
SURVEY = surveys()[0]
REPORT = judge(SURVEY, now=SURVEY.ended)
EXIT_CODE = "x-autodiscover-exit-code"


def _report() -> Report:
    return REPORT


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", render_json(REPORT)),
        ("&format=json", render_json(REPORT)),
        ("&format=text", render_text(REPORT)),
        ("&format=text&verbose=3", render_text(REPORT, 3)),
        ("&format=text&verbose=1&perfdata=false", render_text(REPORT, 1, perfdata=False)),
        ("&format=log", render_log(REPORT)),
    ],
)
def test_a_report_is_what_the_plugin_prints_byte_for_byte(start: Start, query: str, text: str) -> None:
    with start(ScriptedProbe(_report)) as serving:
        answer = serving.ask(f"{PATH}{query}")
    assert (answer.status, answer.text) == (200, f"{text}\n")
    assert answer.headers[EXIT_CODE] == str(REPORT.state.exit_code)
    kind = "application/json" if text.startswith("{") else "text/plain; charset=utf-8"
    assert answer.headers["content-type"] == kind


def test_a_report_says_when_the_domain_was_looked_at(start: Start) -> None:
    with start(ScriptedProbe(_report)) as serving:
        headers = serving.ask(PATH).headers
    looked = parsedate_to_datetime(headers["last-modified"])
    answered = parsedate_to_datetime(headers["date"])
    assert looked.timestamp() == int(SURVEY.ended)
    assert abs((answered - looked).total_seconds() - int(headers["age"])) <= 2


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "the parameter target is missing: /api/v1/report?target=contoso.com"),
        (
            "?target=contoso.com&debug=1",
            "unknown parameter 'debug': there are target, module, format, verbose, perfdata",
        ),
        ("?target=contoso.com&format=xml", "format is 'xml': there are json, text, log"),
        ("?target=contoso.com&verbose=4", "verbose is '4': there are 0, 1, 2, 3"),
        ("?target=contoso.com&perfdata=no", "perfdata is 'no': there are true, 1, false, 0"),
        ("?target=contoso.com&module=x", "unknown module 'x': there are default, quick"),
    ],
)
def test_a_wrong_parameter_is_refused_with_the_reason(start: Start, query: str, reason: str) -> None:
    probe = ScriptedProbe(_report)
    with start(probe) as serving:
        answer = serving.ask(f"/api/v1/report{query}")
    assert (answer.status, answer.text, probe.asked) == (400, f"{reason}\n", [])


def test_a_domain_that_is_not_allowed_is_refused_as_by_probe(start: Start) -> None:
    probe = ScriptedProbe(_report)
    with start(probe, Configuration(domains={"fabrikam.com": Domain()}, allowed=())) as serving:
        answers = [serving.ask(path) for path in (PATH, "/probe?target=contoso.com")]
    assert [answer.status for answer in answers] == [403, 403]
    assert answers[0].text == answers[1].text
    assert probe.asked == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (TrustError("CA file a|b.pem: no such file"), r"CA file a\x7cb.pem: no such file"),
        (PasswordError("password file scp.pw: Permission denied"), "password file scp.pw: Permission denied"),
        (
            KeyError("a bug"),
            "internal error, please report: KeyError in autodiscover_exporter.results.results:LINE "
            "[check-internal-error]",
        ),
        (
            TimeoutError(),
            "internal error, please report: TimeoutError in autodiscover_exporter.results.results:LINE "
            "[check-internal-error]",
        ),
    ],
)
def test_our_own_fault_is_unknown_in_the_words_of_the_plugin(start: Start, error: Exception, sentence: str) -> None:
    def fail() -> Report:
        raise error

    with start(ScriptedProbe(fail)) as serving:
        text = serving.ask(f"{PATH}&format=text")
        document = serving.ask(PATH)
    before, _, after = sentence.partition("LINE")
    assert (text.status, text.headers[EXIT_CODE]) == (200, "3")
    assert text.text.startswith(f"AUTODISCOVER UNKNOWN - contoso.com: {before}")
    assert text.text.endswith(f"{after}\n")
    told = json.loads(document.text)
    assert told.keys() == json.loads(render_json(REPORT)).keys()
    assert (told["state"], told["exit_code"], document.headers[EXIT_CODE]) == ("UNKNOWN", 3, "3")
    assert told["summary"].startswith(before)


def test_the_time_for_a_report_is_the_caller_s_less_the_offset(start: Start) -> None:
    probe = ScriptedProbe(lambda: HEALTHY)
    with start(probe) as serving:
        serving.ask(PATH, X_Prometheus_Scrape_Timeout_Seconds="5")
    assert [asked.timeout for asked in probe.asked] == [4.5]


@pytest.mark.parametrize("module", ["", "&module=quick"])
def test_what_the_schedule_has_long_not_got_to_is_stale_by_its_own_module_alone(module: str) -> None:
    configuration = Configuration(
        modules={"default": {}, "quick": {}}, domains={"contoso.com": Domain()}, rhythm=Rhythm(300.0)
    )
    moment = HEALTHY.survey.ended

    class OnceProbe:
        """Looks once at each module, and hangs from then on."""

        def __init__(self) -> None:
            self.seen: set[str] = set()

        async def __call__(self, domain: str, module: Module, timeout: float) -> Report:
            if module.name in self.seen:
                await asyncio.Event().wait()
            self.seen.add(module.name)
            return HEALTHY

    async def ask_twice() -> list[Response]:
        nonlocal moment
        results = Results(OnceProbe(), OwnMetrics("0"), now=lambda: moment, clock=lambda: moment)
        results.follow(configuration)
        endpoint = ReportEndpoint(Asking(lambda: configuration, results, 0.0), now=lambda: moment)
        request = Request(
            "/api/v1/report",
            query=f"target=contoso.com&format=text{module}".encode(),
            headers={"x-prometheus-scrape-timeout-seconds": "0.01"},
        )
        first = await endpoint(request)
        moment += 901
        return [first, await endpoint(request)]

    first, late = asyncio.run(ask_twice())
    assert first.headers["age"] == "0"
    assert late.headers[EXIT_CODE] == "3"
    rule = late.body.decode().partition(" | ")[0].splitlines()[0].rpartition(" ")[2]
    expected = ("[check-report-stale]", "901") if module == "" else ("[check-timed-out]", "0")
    assert (rule, late.headers["age"]) == expected
