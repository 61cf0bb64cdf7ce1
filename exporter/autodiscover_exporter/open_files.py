"""How many files, sockets above all, this process may have open; called once, by `main`."""

import resource

__all__ = ["MOST", "raise_limit"]

MOST = 65_536
"""More are of no use: all that is open at once is counted in thousands."""


def raise_limit() -> None:
    """Take what the administrator allows: the usual soft limit of 1024 is for programs that use select(2)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
