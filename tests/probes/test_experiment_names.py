"""The names that the experiment with the standard library's TLS can name, and those that it cannot."""

import socket

import pytest

from check_autodiscover.probes.experiment import PostHandshakeStream, post_handshake_context


@pytest.mark.parametrize(
    "name", ["mail.contoso.com", "mail.contoso.com.", "\\000" * 16 + ".contoso.com", "a" * 64, ".", "", "2001:db8::1"]
)
def test_any_name_that_dns_gives_begins_a_session(name: str) -> None:
    """Its escapes may be longer than what SNI, or the codec for it, takes."""
    with socket.socket() as connected:
        PostHandshakeStream(post_handshake_context(), connected, name)
