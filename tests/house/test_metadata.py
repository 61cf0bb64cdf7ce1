"""setup.cfg, the lock files and the documents say the same."""

from configparser import ConfigParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

TOP = Path(__file__).parents[2]
LOCKS = {name: TOP / "requirements" / f"{name}.txt" for name in ("dev", "lowest")}
EXTRAS_OF_LATER = {"directory", "doh"}


@pytest.fixture(scope="module")
def metadata() -> ConfigParser:
    parser = ConfigParser()
    parser.read(TOP / "setup.cfg")
    return parser


def requirements(metadata: ConfigParser) -> list[Requirement]:
    """What the package and its extras need of others."""
    extras = [text for name, text in metadata["options.extras_require"].items() if name not in EXTRAS_OF_LATER]
    lines = "\n".join((metadata["options"]["install_requires"], *extras)).split("\n")
    wanted = [Requirement(line) for line in lines if line]
    return [each for each in wanted if each.name != "check_autodiscover"]


def locked(lock: Path) -> dict[str, Version]:
    pairs = (line.split("==") for line in lock.read_text().splitlines())
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def test_every_folder_with_code_is_a_package_that_is_shipped(metadata: ConfigParser) -> None:
    folders = {
        ".".join(init.parent.relative_to(root).parts)
        for root, package in ((TOP, "check_autodiscover"), (TOP / "exporter", "autodiscover_exporter"))
        for init in (root / package).rglob("__init__.py")
    }
    assert set(metadata["options"]["packages"].split()) == folders


def test_what_a_user_gets_is_locked_for_the_gates(metadata: ConfigParser) -> None:
    versions = locked(LOCKS["dev"])
    for each in requirements(metadata):
        assert canonicalize_name(each.name) in versions
        assert versions[canonicalize_name(each.name)] in each.specifier, each


def test_the_oldest_version_that_is_admitted_is_the_one_that_is_tested(metadata: ConfigParser) -> None:
    versions = locked(LOCKS["lowest"])
    for each in requirements(metadata):
        if (name := canonicalize_name(each.name)) in versions:
            (bound,) = each.specifier
            assert Version(bound.version) == versions[name], each


def test_every_dependency_has_a_line_that_says_why(metadata: ConfigParser) -> None:
    page = (TOP / "docs" / "dependencies.md").read_text()
    assert [each.name for each in requirements(metadata) if each.name not in page] == []
