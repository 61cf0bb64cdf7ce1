"""What a sweep keeps: a line each, read back as it was written, and whole at whatever moment the writer was killed."""

import fcntl
import json
import multiprocessing
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.config.commandline import parse_arguments, parse_fleet
from check_autodiscover.core.model.addresses import DEFAULT_DENIED
from check_autodiscover.core.model.states import State, worst
from check_autodiscover.ctl.common import CommandError
from check_autodiscover.ctl.sweep.results import BadRecord, Record, ResultFile, digest_of, line_of, read_line
from check_autodiscover.output.terminal import sanitize
from tests.ctl.sweep.worlds import cause, record

RECORDS = (
    record("contoso.com"),
    record(
        "a.example", State.CRITICAL, cause(), cause("certificate-expired", place="192.0.2.7", addresses=("192.0.2.7",))
    ),
    record("xn--mnchen-3ya.example", State.OK, cause(severity=State.OK, accepted="known")),
)

TEXT = st.text(max_size=30)
SAID = TEXT.map(sanitize)
CAUSES = st.builds(
    cause,
    severity=st.sampled_from(State),
    place=TEXT,
    message=SAID,
    views=st.lists(TEXT, max_size=2).map(tuple),
    accepted=st.none() | SAID,
)
ANY_RECORD = st.builds(
    lambda domain, found: record(domain, worst(each.severity for each in found), *found),
    st.sampled_from(["a.example", "b.example"]),
    st.lists(CAUSES, max_size=3),
)


@given(ANY_RECORD)
def test_a_record_is_one_line_of_ascii_and_read_back_the_same(kept: Record) -> None:
    line = line_of(kept)
    assert line.isascii()
    assert line.count("\n") == 1
    assert read_line(line) == kept


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("", "it is not JSON"),
        ("contoso.com", "it is not JSON"),
        ("[]", "it is no result of a sweep"),
        ("7", "it is no result of a sweep"),
        ("{}", "it is no result of a sweep"),
        ('{"schema": 2}', "it is of schema 2, and this program reads 1"),
        ("[" * 100_000, "it is no result of a sweep"),
        ('{"schema": 1' + "0" * 5000 + "}", "it is not JSON"),
        ('{"schema": 1, "duration_seconds": 1e999}', "it is no result of a sweep"),
        (line_of(RECORDS[0]).replace('"OK"', '"FINE"'), "it is no result of a sweep"),
        (line_of(RECORDS[0]).replace('"contoso.com"', "7"), "it is no result of a sweep"),
        (line_of(RECORDS[0]).replace('"causes"', '"reasons"'), "it is no result of a sweep"),
        (line_of(record("contoso.com\x1b[2J")), "it is no result of a sweep"),
        (line_of(record("a.example", State.OK, cause(message="\ud800"))), "it is no result of a sweep"),
        (line_of(record("a.example", State.OK, cause(remedy="\u202e"))), "it is no result of a sweep"),
        (b"\xff\xfe", "it is not JSON"),
        (line_of(RECORDS[1]).replace('"exit_code": 2', '"exit_code": 0'), "it is no result of a sweep"),
        (line_of(record("a.example", State.OK, cause())), "it is no result of a sweep"),
        (line_of(record("a.example", State.CRITICAL)), "it is no result of a sweep"),
        (line_of(RECORDS[1]).replace("2026-11-01T", "yesterday "), "it is no result of a sweep"),
        *(
            (line_of(RECORDS[0]).replace("0.25", other), "it is no result of a sweep")
            for other in ("NaN", "Infinity", "-0.25", '"0.25"', "1e999")
        ),
        *(
            (line_of(RECORDS[0]).replace('"contoso.com"', f'"{other}"'), "it is no result of a sweep")
            for other in ("-", "", "CONTOSO.com", "two words", "=cmd")
        ),
    ],
)
def test_what_is_no_record_is_refused(line: str | bytes, fault: str) -> None:
    with pytest.raises(BadRecord) as caught:
        read_line(line)
    assert str(caught.value) == fault


OPTIONS = [
    *("--view", "inside=10.0.0.2", "--view", "outside=192.0.2.53"),
    *("--server", "mail.contoso.com", "--severity", "dns-srv-missing=ok", "--skip-step", "root"),
]
ASKED = f"""
from check_autodiscover.config.commandline import parse_fleet
from check_autodiscover.ctl.sweep.results import digest_of
print(digest_of(parse_fleet({OPTIONS}).arguments("contoso.com")))
"""


def test_another_process_has_the_same_digest_of_the_same_question() -> None:
    seeds = ({**os.environ, "PYTHONHASHSEED": seed} for seed in ("1", "2"))
    told = [subprocess.check_output((sys.executable, "-c", ASKED), env=environment, text=True) for environment in seeds]
    assert told[0] == told[1]


def test_another_question_has_another_digest() -> None:
    fleets = [[], ["--server", "mail.contoso.com"], ["--no-system-trust"], ["--timeout", "9"], ["--method", "srv"]]
    digests = [digest_of(parse_fleet(options).arguments("contoso.com")) for options in fleets]
    assert len(set(digests)) == len(fleets)
    output = ["--no-perfdata", "-v", "-o", "json"]
    assert digest_of(parse_fleet(output).arguments("contoso.com")) == digests[0]


def kept_in(file: Path, resume: bool = True) -> list[Record]:
    """What a sweep that goes on with the file finds there."""
    results = ResultFile(str(file), resume=resume)
    try:
        return list(results.earlier())
    finally:
        results.close()


def write(file: Path, *records: Record) -> None:
    results = ResultFile(str(file), resume=True)
    list(results.earlier())
    for each in records:
        results.append(each)
    results.sync()
    results.close()


def test_at_whatever_byte_the_writer_was_killed_the_sweep_ends_with_every_domain_once(tmp_path: Path) -> None:
    whole = "".join(map(line_of, RECORDS)).encode()
    file = tmp_path / "results.jsonl"
    for end in range(len(whole) + 1):
        file.write_bytes(whole[:end])
        before = kept_in(file)
        assert before == list(RECORDS[: len(before)])
        assert file.read_bytes() == whole[: len("".join(map(line_of, before)))]
        write(file, *RECORDS[len(before) :])
        assert file.read_bytes() == whole


def test_zeroes_that_a_power_cut_left_at_the_end_are_taken_away(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    whole = line_of(RECORDS[0]).encode()
    for torn in (b"\0" * 4096, line_of(RECORDS[1]).encode()[:50] + b"\0" * 100, b"\0" * 10 + b"\n"):
        file.write_bytes(whole + torn)
        assert kept_in(file) == [RECORDS[0]]
        assert file.read_bytes() == whole


@pytest.mark.parametrize(
    "content",
    [
        b"contoso.com\n",
        b"contoso.com",
        line_of(RECORDS[0]).encode() + b"note to self\n",
        line_of(RECORDS[0]).encode() + b"note to self",
        b"{}\n" + line_of(RECORDS[0]).encode(),
        json.dumps({"schema": 2, "domain": "contoso.com"}).encode() + b"\n",
        b"\x7fELF\0\0\0",
        b"\0" * 5000,
        b'{"schema": 7, "mine": true',
        b'{"schema": 1, "mine": true',
        line_of(RECORDS[0]).encode() + b'{"schema": ' + b"x" * (1 << 21),
    ],
)
def test_a_file_that_is_none_of_ours_is_named_with_its_line_and_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    file.write_bytes(content)
    with pytest.raises(CommandError, match=r"results\.jsonl:[12]: .*the file is left as it is"):
        kept_in(file)
    assert file.read_bytes() == content


def test_results_are_not_mixed_with_those_of_another_sweep_unless_that_is_wanted(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    write(file, RECORDS[0])
    with pytest.raises(CommandError, match="go on with it by --resume, or name another file"):
        kept_in(file, resume=False)
    assert kept_in(file) == [RECORDS[0]]


def test_one_sweep_at_a_time_has_the_file(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    first = ResultFile(str(file), resume=False)
    with pytest.raises(CommandError, match="another sweep is writing it"):
        ResultFile(str(file), resume=True)
    first.close()
    kept_in(file)


def test_results_that_somebody_removes_meanwhile_are_missed(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    results = ResultFile(str(file), resume=False)
    results.append(RECORDS[0])
    results.sync()
    file.unlink()
    with pytest.raises(CommandError, match="somebody has removed it, and the results with it"):
        results.sync()
    results.close()


def test_its_owner_alone_reads_it_and_only_an_ordinary_file_is_written(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    write(file, RECORDS[0])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    os.mkfifo(tmp_path / "pipe")
    for wrong, fault in (
        ("pipe", "it is a FIFO, not a regular file"),
        (".", "Is a directory"),
        ("no/where", "No such file"),
    ):
        with pytest.raises(CommandError, match=fault):
            ResultFile(str(tmp_path / wrong), resume=True)


def _fill(file: str, told: "multiprocessing.SimpleQueue[str]") -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    results = ResultFile(file, resume=False)
    try:
        for _ in range(100):
            results.append(RECORDS[0])
    except CommandError as refused:
        told.put(str(refused))


def test_a_full_disk_is_told_and_leaves_whole_lines(tmp_path: Path) -> None:
    file, told = tmp_path / "results.jsonl", multiprocessing.get_context("spawn").SimpleQueue()
    process = multiprocessing.get_context("spawn").Process(target=_fill, args=(str(file), told))
    process.start()
    process.join()
    assert told.get() == f"{file}: File too large; what came before is kept"
    assert kept_in(file) == [RECORDS[0]] * (1000 // len(line_of(RECORDS[0])))


def test_what_another_sweep_wrote_before_it_let_go_is_not_taken_up_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one ends between our opening of the file and our having it for ourselves."""
    locked = fcntl.flock

    def late(handle: int, operation: int) -> None:
        os.write(handle, line_of(RECORDS[0]).encode())
        locked(handle, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(CommandError, match="there is something in it"):
        ResultFile(str(tmp_path / "results.jsonl"), resume=False)


def test_nothing_is_sent_where_clouds_keep_secrets_for_a_domain_of_a_list(tmp_path: Path) -> None:
    file = tmp_path / "file.yml"
    file.write_text("domains: {ours.example: {}}\ntargets: {deny_networks: [192.0.2.0/24]}\n")
    listed, declared = parse_fleet(()), parse_fleet(("--config", str(file)))
    assert listed.arguments("any.example").policy.denied_networks == DEFAULT_DENIED
    assert declared.arguments("any.example").policy.denied_networks == ("192.0.2.0/24",)
    assert declared.arguments("ours.example").policy.denied_networks == ()
    checked = parse_arguments(("-H", "any.example", "--config", str(file)))
    assert checked.policy.denied_networks == ("192.0.2.0/24",)
    assert parse_arguments(("-H", "any.example")).policy.denied_networks == ()
