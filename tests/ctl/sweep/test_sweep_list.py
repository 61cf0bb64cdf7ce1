"""The list of domains: what people write in one, and what is told of lines that are none."""

import io
from pathlib import Path

import pytest

from check_autodiscover.ctl.common import CommandError
from check_autodiscover.ctl.sweep.domain_list import read_domains


@pytest.mark.parametrize(
    ("content", "domains", "faults"),
    [
        (b"contoso.com\nfabrikam.com\n", ["contoso.com", "fabrikam.com"], []),
        (b"contoso.com", ["contoso.com"], []),
        (b"\xef\xbb\xbfcontoso.com\r\n\r\nfabrikam.com\r\n", ["contoso.com", "fabrikam.com"], []),
        (b"# customers\n  contoso.com  # ours\n\n", ["contoso.com"], []),
        ("münchen.example\nMÜNCHEN.example.\n".encode(), ["xn--mnchen-3ya.example"], []),
        (b"contoso.com\nContoso.COM.\ncontoso.com\n", ["contoso.com"], []),
        (
            b"a.example\ntwo words\nb.example\n",
            ["a.example", "b.example"],
            ["2: 'two words' is not a name"],
        ),
        (b"a.example\nlocalhost\n", ["a.example"], ["2: 'localhost' is not a mail domain"]),
        (b"a.example\n\xff\xfe\n", ["a.example"], ["2: it is no text in UTF-8"]),
        (b"a.example\n" + b"x" * 100_000 + b"\n", ["a.example"], ["2: the line is too long to be a domain"]),
        (b"a.example" + b" " * 100_000 + b"b.example\nc.example\n", ["c.example"], ["1: the line is too long"]),
        (b"a.example #" + b" so" * 100_000 + b"\nc.example\n", ["a.example", "c.example"], []),
        (
            b"a.example,A GmbH\nb.example\n",
            ["b.example"],
            ["1: 'a.example,A GmbH' is not a name: it contains a space (a l"],
        ),
        (b"a.example\n\x1b]0;owned\x07\n", ["a.example"], ["2: "]),
    ],
)
def test_a_domain_a_line_and_a_fault_with_its_line_for_each_that_is_none(
    content: bytes, domains: list[str], faults: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "customers.txt"
    file.write_bytes(content)
    listed = read_domains(str(file))
    assert list(listed.domains) == domains
    assert len(listed.faults) == len(faults)
    for told, beginning in zip(listed.faults, faults, strict=True):
        assert told.startswith(f"{file}:{beginning}")
        assert len(told) < 400


def test_standard_input_is_a_list_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"contoso.com\n?\n")))
    listed = read_domains("-")
    assert listed.domains == ("contoso.com",)
    assert listed.faults[0].startswith("standard input:2: ")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "there is no domain in it"),
        (b"# nobody\n", "there is no domain in it"),
        (b"a b\nc d\n", ":1: 'a b' is not a name"),
        (None, "No such file or directory"),
        (b"a.example\n" + b"\0" * (1 << 21), "a line of more than a megabyte: it is no list of domains"),
    ],
)
def test_a_list_without_a_domain_is_refused(content: bytes | None, fault: str, tmp_path: Path) -> None:
    file = tmp_path / "list"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CommandError) as caught:
        read_domains(str(file))
    assert str(caught.value).startswith(str(file))
    assert fault in str(caught.value)


def test_what_never_ends_is_no_list() -> None:
    with pytest.raises(CommandError, match="/dev/zero: it is a device, not a regular file"):
        read_domains("/dev/zero")


def test_a_folder_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="it is a directory, not a regular file"):
        read_domains(str(tmp_path))
