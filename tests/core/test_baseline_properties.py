"""Baselines: nothing drifts against itself, no change goes unseen, and a file is read or refused with a reason."""

import json
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.core.analysis.drift import accept, compare_baselines
from check_autodiscover.core.model.baseline import (
    AcceptedCertificate,
    AcceptedRecord,
    AcceptedView,
    Baseline,
    BaselineFormatError,
    CatchAllState,
    Presented,
    RecordKind,
    Walked,
    read_baseline,
    write_baseline,
)
from check_autodiscover.core.model.finding import Endpoint
from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.verdict.judge import assemble
from tests.core import incidents, test_incidents
from tests.core.worlds import survey_of

Item = TypeVar("Item")

ROWS = sorted({(row, method) for row, method, _ in test_incidents.cells()})


def accepted_of(row: str, method: str) -> Baseline:
    survey = survey_of(getattr(incidents, row)(method))
    return accept(assemble(survey, survey.ended))


@pytest.mark.parametrize(("row", "method"), ROWS)
def test_nothing_drifts_against_its_own_baseline_and_the_file_holds_all_of_it(row: str, method: str) -> None:
    accepted = accepted_of(row, method)
    assert compare_baselines(accepted, accepted) == ()
    assert read_baseline(write_baseline(accepted)) == replace(accepted, accepted=int(accepted.accepted))


NAMES = st.sampled_from(
    ["autodiscover.contoso.com", "remote.contoso.com", "mail.contoso.com", "xn--mnchen-3ya.example"]
)
TEXTS = st.text(max_size=12)
ADDRESSES = st.ip_addresses().map(str)


def sets(items: st.SearchStrategy[str], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(items, min_size=least, max_size=3).map(lambda found: tuple(sorted(found)))


def unique(items: st.SearchStrategy[object], key: str) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(items, max_size=3, unique_by=lambda item: getattr(item, key)).map(
        lambda found: tuple(sorted(found, key=lambda item: getattr(item, key)))
    )


RECORDS = st.builds(AcceptedRecord, NAMES, st.just(RecordKind.ADDRESS), sets(ADDRESSES)) | st.builds(
    AcceptedRecord, NAMES, st.just(RecordKind.ALIAS), sets(NAMES)
)
CERTIFICATES = st.builds(
    AcceptedCertificate,
    public_key=st.text("0123456789abcdef", min_size=17, max_size=20),
    issuer=TEXTS,
    kind=st.sampled_from(["single-name", "multi-name", "wildcard"]),
    key_type=st.sampled_from(["RSA", "EC"]),
    names=sets(NAMES, 1),
)
PRESENTED = st.builds(
    Presented, st.just(Endpoint.AUTODISCOVER), NAMES, CERTIFICATES.map(lambda certificate: (certificate,))
)
VIEWS = st.builds(
    AcceptedView,
    name=st.sampled_from(["inside", "outside"]),
    method=st.sampled_from([Method.SRV, Method.HOST]),
    name_servers=sets(NAMES),
    records=unique(RECORDS, "name"),
    catch_alls=unique(st.builds(CatchAllState, NAMES, st.booleans()), "parent"),
    certificates=unique(PRESENTED, "name"),
    walks=unique(st.builds(Walked, st.sampled_from(["ews", "outlook-2016"]), st.just("warned"), TEXTS), "client"),
)
BASELINES = st.builds(
    Baseline,
    domain=st.just("contoso.com"),
    accepted=st.integers(0, 4_000_000_000),
    views=unique(VIEWS, "name"),
)


@given(BASELINES)
def test_what_is_written_is_read(baseline: Baseline) -> None:
    assert read_baseline(write_baseline(baseline)) == baseline


@given(BASELINES)
def test_nothing_drifts_against_itself(baseline: Baseline) -> None:
    assert compare_baselines(baseline, baseline) == ()


@given(BASELINES, st.randoms(use_true_random=False))
def test_order_never_matters(baseline: Baseline, random: Random) -> None:
    def shuffled(items: tuple[Item, ...]) -> tuple[Item, ...]:
        return tuple(random.sample(items, len(items)))

    views = tuple(
        replace(
            view,
            records=shuffled(view.records),
            catch_alls=shuffled(view.catch_alls),
            certificates=shuffled(view.certificates),
            walks=shuffled(view.walks),
        )
        for view in baseline.views
    )
    other = replace(baseline, views=shuffled(views))
    assert compare_baselines(baseline, other) == compare_baselines(other, baseline) == ()


def mutations(view: AcceptedView) -> list[AcceptedView]:
    """Every way in which one fact of a view can be another."""
    found = []
    for index, record in enumerate(view.records):
        value = "192.0.2.250" if record.kind is RecordKind.ADDRESS else "new.contoso.com"
        values = [(*record.values, value), (value,), record.values[:-1]]
        changed = [replace(record, values=tuple(sorted(each))) for each in values if each != record.values]
        found += [replace(view, records=_with(view.records, index, each)) for each in changed]
    for index, state in enumerate(view.catch_alls):
        turned = replace(state, present=not state.present)
        found.append(replace(view, catch_alls=_with(view.catch_alls, index, turned)))
    for index, presented in enumerate(view.certificates):
        (certificate,) = presented.certificates
        for other in (
            replace(certificate, public_key="ff" * 32),
            replace(certificate, issuer=f"{certificate.issuer} 2"),
            replace(certificate, kind=f"{certificate.kind} 2"),
            replace(certificate, key_type="Ed25519"),
            replace(certificate, names=("other.example",)),
            replace(certificate, names=(*certificate.names, "zz.example")),
        ):
            one = replace(presented, certificates=(other,))
            found.append(replace(view, certificates=_with(view.certificates, index, one)))
    for index, walk in enumerate(view.walks):
        found.append(replace(view, walks=_with(view.walks, index, replace(walk, outcome="configured"))))
        found.append(replace(view, walks=_with(view.walks, index, replace(walk, step=f"{walk.step}2"))))
    if view.name_servers:
        found.append(replace(view, name_servers=(*view.name_servers, "zz.example")))
    return found


def _with(items: tuple[Item, ...], index: int, item: Item) -> tuple[Item, ...]:
    return (*items[:index], item, *items[index + 1 :])


@given(BASELINES)
def test_no_single_change_of_what_was_accepted_goes_unseen(baseline: Baseline) -> None:
    for place, view in enumerate(baseline.views):
        for other in mutations(view):
            changed = replace(baseline, views=_with(baseline.views, place, other))
            found = compare_baselines(baseline, changed)
            assert found, (view, other)
            assert {change.view for change in found} == {view.name}


@given(st.text(max_size=200))
def test_any_text_is_a_baseline_or_refused_in_one_line(text: str) -> None:
    fault = fault_of(text)
    assert fault is None or (fault and "\n" not in fault)


def fault_of(text: str) -> str | None:
    """Why a text is no baseline, None for one that is."""
    try:
        read_baseline(text)
    except BaselineFormatError as error:
        return str(error)
    return None


@given(BASELINES, st.data())
def test_a_file_that_is_cut_off_anywhere_is_refused(baseline: Baseline, data: st.DataObject) -> None:
    text = write_baseline(baseline)
    length = data.draw(st.integers(0, len(text.rstrip()) - 1))
    with pytest.raises(BaselineFormatError):
        read_baseline(text[:length])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


@given(BASELINES.filter(lambda baseline: bool(baseline.views)), st.data())
def test_any_other_value_in_its_place_is_read_or_refused_with_the_place(
    baseline: Baseline, data: st.DataObject
) -> None:
    document = json.loads(write_baseline(baseline))
    holder = document
    while True:
        key = data.draw(st.sampled_from(sorted(holder)))
        if not (isinstance(holder[key], dict) and holder[key]) or data.draw(st.booleans()):
            break
        holder = holder[key]
    holder[key] = data.draw(JSON)
    fault = fault_of(json.dumps(document))
    assert fault is None or fault.startswith("$")


def test_the_file_has_a_fact_a_line_in_order() -> None:
    text = write_baseline(accepted_of("row_1", "srv"))
    assert text.endswith("}\n")
    records = [line.strip() for line in text.splitlines() if " address" in line or " SRV" in line]
    assert len(records) >= 4
    half = records[: len(records) // 2]
    assert all(first <= second for first, second in pairwise(half))
