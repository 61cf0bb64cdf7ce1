"""Alertmanager: what is one notification, who gets it, and which alerts say nothing beside others."""

from typing import Any

from artefacts.prometheus.settings import Settings
from artefacts.prometheus.yaml_text import render_yaml

__all__ = ["INHIBITIONS", "alertmanager"]


def alertmanager(settings: Settings) -> str:
    """The whole file, to be merged into one's own."""
    route = {
        "receiver": "ticket",
        # One cause at one server is one notification, however many domains it hits.
        "group_by": ["job", "rule", "server"],
        "group_wait": settings.group_wait,
        "group_interval": settings.group_interval,
        "repeat_interval": settings.ticket_repeat,
        "routes": [{"matchers": ['severity="critical"'], "receiver": "page", "repeat_interval": settings.page_repeat}],
    }
    receivers = [_webhook("page", settings.page_url), _webhook("ticket", settings.ticket_url)]
    whole = {"route": route, "receivers": receivers, "inhibit_rules": INHIBITIONS}
    return render_yaml(
        whole, "Grouping and inhibition of the alerts in rules/. The receivers are examples: put your own here."
    )


def _webhook(name: str, url: str) -> dict[str, Any]:
    return {"name": name, "webhook_configs": [{"url": url, "send_resolved": True}]}


def _inhibition(source: list[str], target: list[str], *equal: str) -> dict[str, Any]:
    return {"source_matchers": source, "target_matchers": target, **({"equal": list(equal)} if equal else {})}


_PASSWORD = 'alertname!="AutodiscoverPasswordToStranger"'
_DOMAINS = (
    'alertname=~"Autodiscover(UsersAffected|CauseChanges|CertificateUnexpected|CertificateExpiring|CannotLook|Warning|'
    'CatchAllAppeared|Drift)"'
)
"""Alerts about one domain each; those without a domain would all be equal in having none."""

INHIBITIONS = [
    # Nobody looks: nothing else is known, and what is told is old. But it also fires, and for good, where the job has
    # another name: what pages must go on to.
    _inhibition(
        ['alertname="AutodiscoverNobodyLooks"'], ['alertname=~"Autodiscover.+"', 'severity!="critical"'], "satellite"
    ),
    # Nor can an exporter that is down be scraped; the other exporters' domains go on.
    _inhibition(
        ['alertname="AutodiscoverExporterDown"'],
        ['alertname=~"Autodiscover(ScrapesFail|ResultsStale)"'],
        "satellite",
    ),
    # One view's resolvers are silent, for all domains.
    _inhibition(
        ['alertname="AutodiscoverViewBlind"'],
        ['alertname="AutodiscoverCannotLook"', 'rule="dns-lookup-failed"'],
        "job",
    ),
    # The exporter has too much to do, or trouble of its own: domains are UNKNOWN for that reason. No page is kept
    # silent, as what fails at one domain tells nothing of another's.
    _inhibition(
        ['alertname=~"Autodiscover(Overload|LooksFail)"'],
        [
            'alertname="AutodiscoverCannotLook"',
            'rule=~"check-(out-of-resources|timed-out|internal-error)"',
            'severity!="critical"',
        ],
        "satellite",
    ),
    # A server's fault at several domains is told once.
    _inhibition(
        ['alertname="AutodiscoverServerFault"', 'severity="critical"'],
        [_DOMAINS],
        "job",
        "rule",
        "server",
    ),
    _inhibition(
        ['alertname="AutodiscoverServerFault"', 'severity="critical"'],
        ['alertname="AutodiscoverServerFault"', 'severity="warning"'],
        "job",
        "rule",
        "server",
    ),
    _inhibition(
        ['alertname="AutodiscoverServerFault"', 'severity="warning"'],
        [_DOMAINS, 'severity="warning"'],
        "job",
        "rule",
        "server",
    ),
    # What is critical at a domain is told before what is not.
    _inhibition(
        [
            'alertname=~"Autodiscover(PasswordToStranger|UsersAffected|CauseChanges|CertificateUnexpected|'
            'CertificateExpiring)"',
            'severity="critical"',
        ],
        [_DOMAINS, 'severity="warning"'],
        "job",
        "instance",
    ),
]
