"""The plugin's text: whole outputs as files, and what holds for each of them."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.core.model.metrics import Measure
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import State
from check_autodiscover.output.text import (
    render_failure,
    render_first_line,
    render_log,
    render_performance_data,
    render_text,
)
from tests.plugin.report_factory import BLIND, HEALTHY, TRAPPED, judgement, spoken_by_a_stranger

REPORTS = {"healthy": HEALTHY, "trapped": TRAPPED, "blind": BLIND}
PERFORMANCE = re.compile(
    r"(?P<label>[a-z0-9_-]+)=(?P<value>U|[0-9]+(\.[0-9]+)?s?)(;([0-9]+(\.[0-9]+)?)?){0,4}(?<!;)", re.ASCII
)

each_report = pytest.mark.parametrize("name", REPORTS)


@each_report
@pytest.mark.parametrize("verbosity", [0, 1, 3])
def test_the_whole_text_is_as_agreed(name: str, verbosity: int, assert_golden: Callable[[str, str], None]) -> None:
    assert_golden(f"{name}-{verbosity}.txt", render_text(REPORTS[name], verbosity))


@each_report
def test_the_whole_log_is_as_agreed(name: str, assert_golden: Callable[[str, str], None]) -> None:
    assert_golden(f"{name}-log.txt", render_log(REPORTS[name]))


def test_observations_come_before_timings() -> None:
    observed, timed = (render_text(HEALTHY, verbosity) for verbosity in (2, 3))
    assert "DNS outside 192.0.2.53 autodiscover.contoso.com A: answer" in observed
    assert "(0.034 s)" not in observed
    assert "(0.034 s)" in timed


@each_report
def test_performance_data_stands_on_the_first_line_alone_and_can_be_left_out(name: str) -> None:
    first, _, rest = render_text(REPORTS[name], 3).partition("\n")
    assert first == f"{render_first_line(REPORTS[name])} | {render_performance_data(REPORTS[name])}"
    assert "|" not in rest
    assert "|" not in render_text(REPORTS[name], 3, perfdata=False)


@each_report
def test_performance_data_keeps_to_the_grammar_that_monitoring_systems_read(name: str) -> None:
    for item in render_performance_data(REPORTS[name]).split(" "):
        assert PERFORMANCE.fullmatch(item), item


def test_performance_data_is_spelt_as_nagiosplugin_spells_it() -> None:
    from nagiosplugin import Performance

    spelt = [
        str(Performance(each.perfdata, each.value, each.unit, each.warning, each.critical, each.minimum, 10))
        for each in HEALTHY.measures
        if each.perfdata == "time"
    ]
    assert render_performance_data(HEALTHY).split(" ")[0] == spelt[0] == "time=0.412s;;;0;10"


@given(st.floats(min_value=0, max_value=1e15))
def test_a_number_has_no_exponent_and_keeps_its_value(value: float) -> None:
    spelt = render_performance_data(replace(HEALTHY, measures=(Measure(perfdata="n", value=value),)))
    assert re.fullmatch(r"n=[0-9]+(\.[0-9]*[1-9])?", spelt)
    assert float(spelt.removeprefix("n=")) == pytest.approx(value, abs=1e-6)


def test_a_long_cause_is_cut_before_its_rule_and_the_number_of_others() -> None:
    report = replace(TRAPPED, summary=f"{'x' * 300} [dns-srv-missing] (+12 more)")
    line = render_first_line(report)
    assert len(line) == 200
    assert line.endswith("xxx... [dns-srv-missing] (+12 more)")


def test_brackets_of_a_stranger_are_not_kept_in_place_of_his_cause() -> None:
    line = render_first_line(replace(TRAPPED, summary=f"{'x' * 300} [{'Y' * 300}]"))
    assert line.endswith("xxx...")
    assert len(line) == 200


def test_the_same_cause_in_two_views_is_told_once() -> None:
    causes = [
        judgement(n, "dns-srv-missing", State.CRITICAL, "no SRV", view=v)
        for n, v in (("1", "inside"), ("2", "outside"))
    ]
    text = render_text(replace(TRAPPED, judgements=tuple(causes)))
    assert text.count("no SRV [dns-srv-missing]") == 1
    assert "\nCRITICAL inside and outside: no SRV [dns-srv-missing]\n" in text


def test_views_with_different_consequences_are_told_apart() -> None:
    report = replace(
        TRAPPED,
        judgements=(
            judgement("1", "dns-srv-missing", State.CRITICAL, "no SRV", view="inside"),
            judgement("1.1", "client-warned", State.CRITICAL, "warned", view="inside"),
            judgement("2", "dns-srv-missing", State.CRITICAL, "no SRV", view="outside"),
            judgement("2.1", "client-warned", State.CRITICAL, "warned", view="inside"),
        ),
    )
    lines = render_text(report).split("\n")
    assert lines[1:5] == [
        "CRITICAL inside: no SRV [dns-srv-missing]",
        "  CRITICAL warned [client-warned]",
        "CRITICAL outside: no SRV [dns-srv-missing]",
        "  CRITICAL inside: warned [client-warned]",
    ]


def _in_views(*messages: tuple[str, str]) -> list[str]:
    """The lines about one rule that says this of each view."""
    causes = tuple(
        judgement(str(number), "dns-unwanted-host-record", State.WARNING, message, view=view)
        for number, (view, message) in enumerate(messages)
    )
    text = render_text(replace(TRAPPED, judgements=causes))
    return [line.removesuffix(" [dns-unwanted-host-record]") for line in text.split("\n") if line.startswith("WARNING")]


@pytest.mark.parametrize(
    ("inside", "outside", "told"),
    [
        ("is 10.0.0.1", "is 192.0.2.1", "is 10.0.0.1 inside and 192.0.2.1 outside"),
        ("(10.0.0.1: refused)", "(192.0.2.1: refused)", "(10.0.0.1 inside and 192.0.2.1 outside: refused)"),
        ("on 10.0.0.1:5353 is", "on [2001:db8::1]:53 is", "on 10.0.0.1:5353 inside and [2001:db8::1]:53 outside is"),
        ("has fe80::1", "has 10.0.0.1 and 10.0.0.2", "has fe80::1 inside and 10.0.0.1 and 10.0.0.2 outside"),
        ("is 10.9.9.9, not 10.0.0.1", "is 10.9.9.9, not 192.0.2.1", None),
    ],
)
def test_a_fault_that_differs_by_address_alone_is_told_once_with_the_addresses_of_each_view(
    inside: str, outside: str, told: str | None
) -> None:
    told = told or "is 10.9.9.9, not 10.0.0.1 inside and 192.0.2.1 outside"
    assert _in_views(("inside", inside), ("outside", outside)) == [f"WARNING inside and outside: {told}"]


def test_two_faults_of_one_view_stay_two_though_they_differ_by_address_alone() -> None:
    lines = _in_views(("inside", "at 10.0.0.1"), ("inside", "at 10.0.0.2"), ("outside", "at 192.0.2.1"))
    assert lines == [
        "WARNING inside and outside: at 10.0.0.1 inside and 192.0.2.1 outside",
        "WARNING inside: at 10.0.0.2",
    ]


def test_faults_that_differ_by_a_name_are_told_apart() -> None:
    assert len(_in_views(("inside", "leads to a1.example"), ("outside", "leads to a2.example"))) == 2


def _lines(report: Report) -> list[str]:
    return [line for text in (render_text(report, 3), render_log(report)) for line in text.split("\n")]


@given(st.text(min_size=1, max_size=300))
def test_whatever_a_stranger_says_leaves_as_printable_ascii_that_adds_no_line(text: str) -> None:
    harmless, hostile = _lines(spoken_by_a_stranger("a")), _lines(spoken_by_a_stranger(text))
    assert len(hostile) == len(harmless)
    first, *rest = hostile
    assert all(line.isascii() and (line.isprintable() or not line) for line in hostile)
    assert not any(mark in line for line in rest for mark in "|<>")
    assert first.count("|") == 1
    assert len(first.partition(" | ")[0]) <= 200
    assert " [certificate-expired] | time=" in first


def test_a_run_without_a_verdict_is_one_line() -> None:
    assert render_failure("", "a\nb|") == r"AUTODISCOVER UNKNOWN - a\x0ab\x7c"
    assert render_failure("contoso.com", "interrupted") == "AUTODISCOVER UNKNOWN - contoso.com: interrupted"
