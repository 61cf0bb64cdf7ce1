"""Files that users name: regular ones, opened without waiting, with a limit; each place that takes one."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from check_autodiscover.named_files import (
    FILE_KINDS,
    PASSWORD,
    FileKind,
    UnusableFile,
    open_file,
    read_file,
    require_regular,
)

SMALL = FileKind("note", 10)
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("size", [0, 1, 9, 10])
def test_a_file_up_to_the_limit_is_read(tmp_path: Path, size: int) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * size)
    assert read_file(file, SMALL) == b"x" * size
    with open_file(file, SMALL) as opened:
        assert opened.read() == b"x" * size


def _make_socket(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        # The path of a socket is short, that of a test may not be.
        here = Path.cwd()
        os.chdir(file.parent)
        try:
            sock.bind(file.name)
        finally:
            os.chdir(here)


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda file: os.mkfifo(file), "it is a FIFO, not a regular file"),
        (_make_socket, "it is a socket, not a regular file"),
        (lambda file: file.mkdir(), "it is a directory, not a regular file"),
        (lambda file: file.symlink_to("/dev/zero"), "it is a device, not a regular file"),
        (lambda file: file.symlink_to(file), "Too many levels of symbolic links"),
        (lambda file: file.write_bytes(b"x" * 11), "it is larger than 10 bytes, the limit for a note"),
        # Such files have no size, and give something all the same.
        (lambda file: file.symlink_to("/proc/self/maps"), "it is larger than 10 bytes, the limit for a note"),
        (lambda file: None, "No such file or directory"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(tmp_path: Path, make: Callable[[Path], None], fault: str) -> None:
    file = tmp_path / "file"
    make(file)
    with pytest.raises(UnusableFile) as caught:
        read_file(file, SMALL)
    assert (str(caught.value), caught.value.fault) == (f"{file}: {fault}", fault)
    assert caught.value.missing == (fault == "No such file or directory")


def test_a_name_that_is_none_is_told() -> None:
    with pytest.raises(UnusableFile, match="it is not a file name"):
        read_file("a\0b", SMALL)


def test_a_file_that_becomes_a_fifo_between_two_looks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in: to win this race by chance would take a while."""
    file, regular = tmp_path / "file", tmp_path / "regular"
    os.mkfifo(file)
    regular.touch()
    found = regular.stat()
    handles = len(os.listdir("/proc/self/fd"))
    with monkeypatch.context() as patch:
        patch.setattr("check_autodiscover.named_files.os.stat", lambda _: found)
        with pytest.raises(UnusableFile, match="it is a FIFO"):
            read_file(file, SMALL)
    assert len(os.listdir("/proc/self/fd")) == handles


def test_a_mode_of_a_regular_file_is_taken(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    require_regular(tmp_path / "file", (tmp_path / "file").stat().st_mode)


@pytest.mark.parametrize("kind", FILE_KINDS, ids=lambda kind: kind.name)
def test_each_kind_stands_with_its_limit_on_the_page(kind: FileKind) -> None:
    assert f"| {kind.name} | {kind.limit} |" in (ROOT / "docs/limits.md").read_text()


def test_limits_are_told_in_the_unit_that_fits() -> None:
    assert (PASSWORD.limit, SMALL.limit, FileKind("x", 3 << 19).limit) == ("1 KiB", "10 bytes", "1.5 MiB")


THROUGH = ("check_autodiscover.plugin", "-H", "contoso.com", "--from-exporter", "https://EXPORTER")
PLACES = {
    "--config": ("check_autodiscover.plugin", "-H", "contoso.com", "--config", "FIFO"),
    "--ca-file": ("check_autodiscover.plugin", "-H", "contoso.com", "--ca-file", "FIFO"),
    "--from-exporter with --ca-file": (*THROUGH, "--ca-file", "FIFO"),
    "config check": ("check_autodiscover.ctl", "config", "check", "FIFO"),
    "diagnose --survey": ("check_autodiscover.ctl", "diagnose", "--survey", "FIFO"),
    "sweep": ("check_autodiscover.ctl", "sweep", "FIFO"),
    "exporter": ("autodiscover_exporter", "--config.file", "FIFO", "--config.check"),
    "exporter's web configuration": ("autodiscover_exporter", "--web.config.file", "FIFO", "--config.check"),
    "exporter's certificate": ("autodiscover_exporter", "--web.config.file", "WEB", "--config.check"),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_place_waits_for_a_fifo_and_each_names_it(place: str, tmp_path: Path) -> None:
    fifo, web = tmp_path / "fifo", tmp_path / "web.yml"
    os.mkfifo(fifo)
    web.write_text("tls_server_config: {cert_file: fifo, key_file: fifo}\n")
    module, *words = PLACES[place]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'exporter'}"}
    with socket.create_server(("127.0.0.1", 0)) as exporter:
        names = {
            "FIFO": str(fifo),
            "WEB": str(web),
            "https://EXPORTER": f"https://127.0.0.1:{exporter.getsockname()[1]}",
        }
        command = [sys.executable, "-m", module, *(names.get(word, word) for word in words)]
        # A bound that only a command which waits for ever reaches.
        found = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert found.returncode
    told = found.stdout + found.stderr
    assert f"{fifo}: " in told or f"{fifo} " in told
    assert "it is a FIFO, not a regular file" in told
    assert "Traceback" not in told
