"""Trust anchors: what may be used, and how a bad file is told."""

from pathlib import Path

import pytest
import trustme

from check_autodiscover.core.model.policy import TrustSettings
from check_autodiscover.probes.trust import TrustError, load_trust


@pytest.fixture(scope="module")
def anchor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("anchors") / "ca.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return path


def test_description_names_own_file_and_system_anchors(anchor: Path) -> None:
    own, system = load_trust(TrustSettings(ca_files=(str(anchor),))).description
    assert own == str(anchor)
    assert system.startswith("system (/")


def test_system_anchors_can_be_left_out(anchor: Path) -> None:
    assert load_trust(TrustSettings(ca_files=(str(anchor),), system=False)).description == (str(anchor),)


def test_hashed_system_directory_is_preferred_to_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "0a1b2c3d.0").touch()
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert load_trust(TrustSettings()).description == (f"system ({tmp_path})",)


def test_bundle_named_in_the_environment_stands_for_the_system(anchor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(anchor))
    assert load_trust(TrustSettings()).description == (f"system ({anchor})",)


def test_one_context_serves_the_process(anchor: Path) -> None:
    trust = load_trust(TrustSettings(ca_files=(str(anchor),)))
    assert trust.context is trust.context


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "No such file or directory"),
        (b"", "no certificate in it"),
        (b"hello\n", "no certificate in it"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged PEM"),
    ],
)
def test_unusable_file_is_named_with_its_fault(tmp_path: Path, content: bytes | None, fault: str) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TrustError) as caught:
        load_trust(TrustSettings(ca_files=(str(path),)))
    assert str(caught.value) == f"CA file {path}: {fault}"


def test_directory_given_as_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrustError, match="it is a directory, not a regular file"):
        load_trust(TrustSettings(ca_files=(str(tmp_path),)))


def test_file_name_that_no_file_can_have_is_told() -> None:
    with pytest.raises(TrustError, match="not a file name"):
        load_trust(TrustSettings(ca_files=("a\0b",)))


def test_directory_without_hashed_certificates_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrustError, match="no hashed certificates"):
        load_trust(TrustSettings(ca_paths=(str(tmp_path),)))
    with pytest.raises(TrustError, match="No such file"):
        load_trust(TrustSettings(ca_paths=(str(tmp_path / "missing"),)))


def test_no_anchors_at_all_is_an_error() -> None:
    with pytest.raises(TrustError, match="this system is not to be trusted, and no CA file"):
        load_trust(TrustSettings(system=False))
