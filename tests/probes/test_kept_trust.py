"""Trust anchors of a process that lives on: loaded once, and anew when their files have changed."""

from pathlib import Path

import pytest
import trustme

from check_autodiscover.core.model.policy import TrustSettings
from check_autodiscover.probes.trust import RECHECK, TrustCache, TrustError


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return path


def test_anchors_are_loaded_once_for_each_setting(anchor: Path) -> None:
    kept = TrustCache()
    settings = TrustSettings((str(anchor),), system=False)
    assert kept.load(settings) is kept.load(TrustSettings((str(anchor),), system=False))
    assert kept.load(settings) is not kept.load(TrustSettings((str(anchor),)))


def test_same_files_stay_the_same_anchors_when_they_are_looked_at_again(anchor: Path) -> None:
    clock = Clock()
    kept = TrustCache(clock)
    settings = TrustSettings((str(anchor),), system=False)
    first = kept.load(settings)
    clock.now += RECHECK
    assert not kept.is_fresh(settings)
    assert kept.load(settings) is first
    assert kept.is_fresh(settings)


def test_changed_file_is_taken_up_after_a_while(anchor: Path) -> None:
    clock = Clock()
    kept = TrustCache(clock)
    settings = TrustSettings((str(anchor),), system=False)
    first = kept.load(settings)
    trustme.CA(organization_name="Another").cert_pem.write_to_path(anchor)
    assert kept.load(settings) is first
    clock.now += RECHECK
    assert kept.load(settings) is not first


def test_reload_looks_at_once(anchor: Path) -> None:
    kept = TrustCache(Clock())
    settings = TrustSettings((str(anchor),), system=False)
    first = kept.load(settings)
    trustme.CA(organization_name="Another").cert_pem.write_to_path(anchor)
    kept.recheck()
    assert kept.load(settings) is not first


def test_lost_file_is_told_until_it_is_back(anchor: Path) -> None:
    clock = Clock()
    kept = TrustCache(clock)
    settings = TrustSettings((str(anchor),), system=False)
    kept.load(settings)
    saved = anchor.read_bytes()
    anchor.unlink()
    clock.now += RECHECK
    for _ in range(2):
        with pytest.raises(TrustError, match="No such file"):
            kept.load(settings)
    anchor.write_bytes(saved)
    assert kept.load(settings).places == (str(anchor),)
