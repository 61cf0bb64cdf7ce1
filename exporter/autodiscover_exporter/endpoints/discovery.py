"""The configured domains as Prometheus's HTTP service discovery wants them (prometheus.io, "HTTP SD").

Called by the application for `/sd`. Prometheus turns `__param_module` into a parameter of the scrape, and drops what
starts with `__meta_` after relabelling.
"""

import json
from typing import Any

from check_autodiscover.config import Configuration

__all__ = ["render_targets"]

MIXED = "mixed"
"""The method of a domain whose views have different ones."""


def render_targets(configuration: Configuration) -> bytes:
    """A target group for each domain, as JSON."""
    # One by one, as a thread that encodes them all at once lets nobody else run.
    groups = (json.dumps(_group(configuration, domain)) for domain in configuration.domains)
    return f"[{','.join(groups)}]".encode()


def _group(configuration: Configuration, domain: str) -> dict[str, Any]:
    settled = configuration.settled(domain)
    policy = settled.policy
    methods = {policy.declared_method(view.name).value for view in policy.views}
    labels = {
        "__param_module": settled.name,
        "__meta_autodiscover_method": methods.pop() if len(methods) == 1 else MIXED,
        "__meta_autodiscover_server": next(iter(policy.servers), ""),
    }
    return {"targets": [domain], "labels": {**configuration.domains[domain].labels, **labels}}
