"""What an alert rule holds, and how it becomes one of Prometheus."""

from dataclasses import dataclass
from textwrap import indent

from artefacts.prometheus.recording import Rule
from artefacts.prometheus.settings import Settings

__all__ = ["Alert"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert rule. `wait` is its `for`, `keep` its `keep_firing_for`, empty for none; the page is of its rule.

    `about` is the rule whose page says more where its series have no label `rule` of their own; empty for no page.
    """

    name: str
    severity: str
    expression: str
    summary: str
    description: str
    wait: str = "0s"
    keep: str = ""
    about: str = "{{ $labels.rule }}"
    after_others: bool = False
    """Whether it asks which other alerts fire, as only Prometheus itself can tell."""

    def by_satellite(self, settings: Settings) -> str:
        """Its expression, whose series tell the satellite in the name of their job, where there is one.

        What one exporter suffers from is no other's. It is no template of the rule's labels, as those keep Prometheus
        from knowing its alerts again after a restart (prometheus/prometheus issue 16883).
        """
        job = f"({settings.exporter_job}|{settings.job})(-(.+))?"
        return f'label_replace(\n{indent(self.expression, "  ")},\n  "satellite", "$3", "job", "{job}"\n)'

    def rule(self, settings: Settings) -> Rule:
        """It, with a link to the exporter's page of its rule."""
        # A label that is set here is not among those that templates see.
        named = {} if not self.about or "{{" in self.about else {"rule": self.about}
        return {
            "alert": self.name,
            "expr": f"{self.by_satellite(settings)}\n",
            **({"for": self.wait} if self.wait != "0s" else {}),
            **({"keep_firing_for": self.keep} if self.keep else {}),
            "labels": {"severity": self.severity, **named},
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                **({"runbook_url": f"{settings.exporter_url}/rules/{self.about}"} if self.about else {}),
            },
        }
