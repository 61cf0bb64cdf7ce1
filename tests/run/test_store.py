"""Baseline files: there whole or not at all, whoever writes, dies or is refused in the middle of it."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from check_autodiscover.core.model.survey import BaselineFile
from check_autodiscover.named_files import BASELINE
from check_autodiscover.store import StoreError, baseline_file, load_baseline, save_baseline

DOMAIN = "contoso.com"


def test_a_directory_holds_a_file_a_domain_and_a_file_is_itself(tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_text("{}")
    assert baseline_file(str(tmp_path), DOMAIN) == tmp_path / "contoso.com.json"
    assert baseline_file(str(file), DOMAIN) == file
    assert baseline_file(str(tmp_path / "new.json"), DOMAIN) == tmp_path / "new.json"
    assert baseline_file(str(tmp_path / "new"), DOMAIN) == tmp_path / "new" / "contoso.com.json"


def test_what_is_saved_is_loaded_and_others_may_read_it(tmp_path: Path) -> None:
    where = str(tmp_path / "a" / "b")
    seen = load_baseline(where, DOMAIN)
    assert seen.missing
    file = save_baseline(where, DOMAIN, "one\n", seen=seen)
    assert load_baseline(where, DOMAIN) == BaselineFile(str(file), "one\n")
    assert file.stat().st_mode & 0o777 == 0o644
    assert os.listdir(file.parent) == ["contoso.com.json"]


def test_a_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "checkout.json"
    real.write_text("old")
    real.chmod(0o640)
    link = tmp_path / "contoso.com.json"
    link.symlink_to(real)
    save_baseline(str(tmp_path), DOMAIN, "new", seen=load_baseline(str(tmp_path), DOMAIN))
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_file_that_another_wrote_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    seen = load_baseline(str(tmp_path), DOMAIN)
    (tmp_path / "contoso.com.json").write_text("theirs")
    with pytest.raises(StoreError, match="changed by somebody else meanwhile"):
        save_baseline(str(tmp_path), DOMAIN, "ours", seen=seen)
    assert (tmp_path / "contoso.com.json").read_text() == "theirs"


def test_two_writers_at_once_are_one_writer_and_one_refusal(tmp_path: Path) -> None:
    holder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    try:
        with pytest.raises(StoreError, match="another process is accepting"):
            save_baseline(str(tmp_path), DOMAIN, "ours", seen=load_baseline(str(tmp_path), DOMAIN))
    finally:
        os.close(holder)
    assert os.listdir(tmp_path) == []


def test_a_place_that_cannot_be_written_is_named_and_what_was_there_stays(tmp_path: Path) -> None:
    blocking = tmp_path / "file"
    blocking.write_text("old")
    where = str(blocking / "below")
    with pytest.raises(StoreError, match="not a directory"):
        save_baseline(where, DOMAIN, "new", seen=load_baseline(where, DOMAIN))
    assert blocking.read_text() == "old"


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """Played by a limit on the size of files."""
    old = "old\n"
    (tmp_path / "contoso.com.json").write_text(old)
    script = (
        "import resource, signal, sys\n"
        "from check_autodiscover.store import *\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"seen = load_baseline({str(tmp_path)!r}, {DOMAIN!r})\n"
        "try:\n"
        f"    save_baseline({str(tmp_path)!r}, {DOMAIN!r}, 'x' * 5000, seen=seen)\n"
        "except StoreError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "file too large" in done.stdout, done.stderr
    assert (tmp_path / "contoso.com.json").read_text() == old
    assert os.listdir(tmp_path) == ["contoso.com.json"]


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda file: file.mkdir(), "it is a directory, not a regular file"),
        (lambda file: file.write_bytes(b"\xff\xfe"), "it is no text"),
        (
            lambda file: file.write_bytes(b" " * (BASELINE.most_bytes + 1)),
            "it is larger than 4 MiB, the limit for a baseline",
        ),
        (lambda file: os.mkfifo(file), "it is a FIFO, not a regular file"),
        (lambda file: file.symlink_to(file), "too many levels of symbolic links"),
    ],
)
def test_what_cannot_be_read_is_a_fault_and_not_missing(tmp_path: Path, make: object, fault: str) -> None:
    assert callable(make)
    make(tmp_path / "contoso.com.json")
    loaded = load_baseline(str(tmp_path), DOMAIN)
    assert (loaded.fault, loaded.missing, loaded.text) == (fault, False, "")


WRITER = """
import sys
from check_autodiscover.store import load_baseline, save_baseline
where, domain, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
letter = "b"
while True:
    seen = load_baseline(where, domain)
    sys.stdout.write(".")
    sys.stdout.flush()
    save_baseline(where, domain, letter * size, seen=seen)
    letter = "a" if letter == "b" else "b"
"""


def test_a_writer_that_is_killed_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    """Fifty times kill -9, at moments of their own: most of a writer's time goes into the content."""
    size = BASELINE.most_bytes - 1
    file = tmp_path / "contoso.com.json"
    file.write_text("a" * size)
    for round_ in range(50):
        command = [sys.executable, "-c", WRITER, str(tmp_path), DOMAIN, str(size)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.read(1 + round_ % 3)
            writer.send_signal(signal.SIGKILL)
        text = file.read_text()
        assert text in ("a" * size, "b" * size), f"after kill {round_}: {len(text)} characters"
    save_baseline(str(tmp_path), DOMAIN, "end", seen=load_baseline(str(tmp_path), DOMAIN))
    assert os.listdir(tmp_path) == ["contoso.com.json"]
