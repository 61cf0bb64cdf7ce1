"""How much one client, and all of them together, may ask of the server."""

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Times are seconds. Who needs more of anything is no scraper, no browser and no check."""

    target_bytes: int = 8 * 1024
    """A request's target. The longest that we answer is a domain and four parameters."""
    head_bytes: int = 32 * 1024
    """All header lines together, with room for what proxies add."""
    headers: int = 100
    """Header lines, those behind a body included."""
    body_bytes: int = 64 * 1024
    """A request's body, which nobody reads: an empty form, a client's JSON of nothing."""
    request_seconds: float = 15
    """From the first byte of a request, or the opening of a connection, until all of it is there (slowloris)."""
    idle_seconds: float = 120
    """Between two requests on one connection: longer than the usual scrape interval of a minute."""
    fetch_seconds: float = 60
    """Until an answer is fetched: megabytes on a slow line, and no longer than a scrape may take."""
    linger_seconds: float = 2
    """How long what a refused client still sends is thrown away, so that it gets to read the refusal; and how long a
    client's farewell (TLS close_notify) is waited for."""
    handshake_seconds: float = 10
    """A TLS handshake."""
    connections: int = 2048
    """Beyond these the answer is 503: Prometheus keeps one connection a target."""
    refused_connections: int = 64
    """Connections beyond the limit that are being told so; yet another is closed without a word."""
    requests: int = 1024
    """Requests being answered at once, beyond which the answer is 503: probes wait for their turn elsewhere."""
    accept_pause_seconds: float = 1
    """How long no connection is accepted once the process or the machine has no file descriptor left."""
    sweep_seconds: float = 1
    """How often connections are looked at for the above; so every time may be exceeded by this."""
