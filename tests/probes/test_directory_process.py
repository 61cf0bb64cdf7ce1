"""The process that asks a directory imports what its parent would, whatever surrounds it."""

import asyncio
from pathlib import Path

import pytest

from check_autodiscover.core.model.observations import DirectoryAnswer, DirectoryQuestion, DirectoryStatus
from check_autodiscover.core.model.policy import Directory, TrustSettings
from check_autodiscover.probes import directory
from check_autodiscover.probes.directory import ProcessDirectoryProbe
from check_autodiscover.probes.trust import load_trust

AN_HOUR = 3600
URL = "ldap://127.0.0.1"


@pytest.fixture
def private_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that only this process's sys.path names, with an LDAP library and a program that needs it."""
    folder = tmp_path / "private"
    folder.mkdir()
    (folder / "bonsai.py").touch()
    (folder / "lookup_here.py").write_text("import bonsai, json\nprint(json.dumps({'points': []}))\n")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(directory, "_PROGRAM", "lookup_here")
    return folder


def lookup() -> DirectoryAnswer:
    probe = ProcessDirectoryProbe(Directory(URL), load_trust(TrustSettings()), AN_HOUR)
    return asyncio.run(_within_an_hour(probe))


async def _within_an_hour(probe: ProcessDirectoryProbe) -> DirectoryAnswer:
    return await probe.probe_directory(DirectoryQuestion(URL), asyncio.get_running_loop().time() + AN_HOUR)


@pytest.mark.usefixtures("private_libraries")
def test_libraries_that_an_installation_keeps_to_itself_are_found() -> None:
    assert lookup().status is DirectoryStatus.ANSWER


@pytest.mark.usefixtures("private_libraries")
def test_a_module_in_the_folder_that_somebody_stands_in_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('planted')\n")
    monkeypatch.chdir(tmp_path)
    assert lookup().status is DirectoryStatus.ANSWER
