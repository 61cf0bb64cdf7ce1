"""The words of alerts: templates of Prometheus that ask it for what a label cannot hold.

Labels are data of others, so they go into queries quoted (`%q`).
"""

from artefacts.prometheus.recording import TITLE
from check_autodiscover.core.model.clients import OUTCOMES, Outcome

__all__ = ["AGE", "CAUSE_IN_WORDS", "LEFT_IN_WORDS", "VIEWS", "WHO_IS_HIT", "domain_page", "listed"]

_OUTCOMES = {
    Outcome.WRONG_LOGIN: "a stranger's server asks for the password",
    Outcome.WRONG_SETTINGS: "settings come from a stranger's server",
    Outcome.WARNED: "a certificate warning is shown",
    Outcome.NOTHING: "no server is found",
    Outcome.UNKNOWN: "how clients fare is not known",
}
"""What users see, by the outcome; the others hit nobody."""

CAUSE_IN_WORDS = (
    f"{{{{ with printf `{TITLE}{{rule=%q}}` $labels.rule | query }}}}"
    '{{ . | first | label "title" }}{{ else }}{{ $labels.rule }}{{ end }}'
)
"""The title of the alert's rule."""

VIEWS = (
    "{{ range printf `count by (view) (autodiscover_finding"
    '{job=%q,instance=%q,rule=%q,role="root",severity!="ok",view!=""})` '
    '$labels.job $labels.instance $labels.rule | query | sortByLabel "view" }} [{{ .Labels.view }}]{{ end }}'
)
"""The views in which the alert's rule is the cause, each in brackets behind a space."""


def _who_is_hit() -> str:
    bad = [outcome for outcome in OUTCOMES if outcome in _OUTCOMES]
    query = (
        "printf `count by (view, outcome) (autodiscover_client_outcome"
        f'{{job=%q,instance=%q,outcome=~"{"|".join(item.value for item in bad)}"}})` $labels.job $labels.instance'
    )
    said = "".join(f'{{{{ if eq .Labels.outcome "{item.value}" }}}}{_OUTCOMES[item]}{{{{ end }}}}' for item in bad)
    each = f"{{{{ .Labels.view }}}}: {said} (kinds of client: {{{{ .Value }}}}). "
    # So it is as well when an alert ends because nobody looks any more.
    nobody = "{{ else }}No client was seen to be hit. {{ end }}"
    return f'{{{{ range {query} | query | sortByLabel "view" }}}}{each}{nobody}'


WHO_IS_HIT = _who_is_hit()
"""What becomes of the judged clients, view by view."""

LEFT_IN_WORDS = (
    "{{ if gt $value 0.0 }}expires in {{ humanizeDuration $value }}{{ else }}has expired{{ end }}"
    "{{ with printf `max(probe_ssl_earliest_cert_expiry{job=%q,instance=%q})` $labels.job $labels.instance | query }}"
    ", {{ . | first | value | toTime }}{{ end }}"
)
"""When a certificate ends, for alerts whose value is the seconds that it has left."""

AGE = "{{ humanizeDuration $value }}"


def listed(query: str, *labels: str) -> str:
    """The first ten domains of a query; its `%q` are these labels."""
    given = " ".join(f"$labels.{label}" for label in labels)
    return (
        f"{{{{ range printf `topk(10, max by (instance) ({query}))` {given} | query | sortByLabel "
        '"instance" }} {{ .Labels.instance }}{{ end }}'
    )


def domain_page(exporter_url: str) -> str:
    """The exporter's page of the alert's domain."""
    return f"{exporter_url}/domains/{{{{ $labels.instance }}}}"
