"""One certification authority for all endpoint tests of a module, and a trust that holds it alone."""

import ssl

import pytest
import trustme

from check_autodiscover.core.model.policy import TrustSettings
from check_autodiscover.probes.trust import Trust, load_trust
from tests.probes.visiting import NAME, Visits
from tests.probes.web import tls_context


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trust(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Trust:
    path = tmp_path_factory.mktemp("trust") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return load_trust(TrustSettings(ca_files=(str(path),), system=False))


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert(NAME)


@pytest.fixture
def tls(certificate: trustme.LeafCert) -> ssl.SSLContext:
    return tls_context(certificate)


@pytest.fixture
def visits(trust: Trust) -> Visits:
    return Visits(trust)
