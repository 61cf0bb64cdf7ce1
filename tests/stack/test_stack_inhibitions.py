"""What a real Alertmanager keeps silent, with the shipped inhibitions: what is told already, and nothing else."""

import json

import pytest

from artefacts.generate import FOLDER
from tests.stack.alerting import ALERTMANAGER, start_alertmanager
from tests.stack.world import World

CONTOSO = {"job": "autodiscover", "instance": "contoso.com", "server": "mail.contoso.com"}
FABRIKAM = {**CONTOSO, "instance": "fabrikam.com"}
OWN = {"job": "autodiscover-exporter", "instance": "127.0.0.1:10093"}
EXPIRED, WEAK, LOOKUP = "certificate-expired", "certificate-weak", "dns-lookup-failed"


def alert(name: str, severity: str, rule: str = "", **labels: str) -> dict[str, str]:
    """An alert's labels; Alertmanager takes an empty one as none."""
    return {"alertname": f"Autodiscover{name}", "severity": severity, "rule": rule, **labels}


def shared(severity: str, rule: str = EXPIRED) -> dict[str, str]:
    return alert("ServerFault", severity, rule, job=CONTOSO["job"], server=CONTOSO["server"])


AFFECTED = alert("UsersAffected", "critical", EXPIRED, **CONTOSO)
WARNING = alert("Warning", "warning", WEAK, **CONTOSO)
PASSWORD = alert("PasswordToStranger", "critical", EXPIRED, **CONTOSO)
BLIND = alert("CannotLook", "warning", LOOKUP, **CONTOSO)
STUCK = alert("CannotLook", "warning", "check-internal-error", **CONTOSO)
DOWN = alert("ExporterDown", "warning", **OWN)
NOBODY = alert("NobodyLooks", "critical", job=OWN["job"])
AWAY = {"satellite": "inside"}
"""What the rules tell of jobs with a satellite's name."""

SILENCED = {
    "nobody looks: all that is no page": (NOBODY, [WARNING, BLIND, DOWN, shared("warning")]),
    "an exporter is down: what cannot be scraped": (DOWN, [alert("ScrapesFail", "warning", job="autodiscover")]),
    "a blind view: its lookups": (alert("ViewBlind", "warning", LOOKUP, job="autodiscover", view="outside"), [BLIND]),
    "an exporter in trouble: what is unknown for it": (alert("LooksFail", "warning", **OWN), [STUCK]),
    "a server's critical fault: that of its domains": (
        shared("critical"),
        [AFFECTED, {**AFFECTED, **FABRIKAM}, shared("warning")],
    ),
    "a server's lesser fault: that of its domains": (shared("warning", WEAK), [WARNING]),
    "what is critical: what is not, at the same domain": (AFFECTED, [WARNING, BLIND]),
    "the last days of a certificate: the weeks before": (
        alert("CertificateExpiring", "critical", "certificate-expiring", **CONTOSO),
        [alert("CertificateExpiring", "warning", "certificate-expiring", **CONTOSO)],
    ),
}
TOLD = {
    "nobody looks, or a job has another name: what pages": (NOBODY, [AFFECTED, PASSWORD]),
    "nobody looks at a satellite: what others see": ({**NOBODY, **AWAY}, [WARNING, BLIND, DOWN]),
    "an exporter is down: domains of the others": (DOWN, [AFFECTED, PASSWORD]),
    "an exporter is down: what a satellite's cannot scrape": (DOWN, [{**alert("ScrapesFail", "warning"), **AWAY}]),
    "an exporter in trouble: what pages, and a satellite's": (
        alert("Overload", "warning", **OWN),
        [alert("CannotLook", "critical", "check-timed-out", **CONTOSO), {**STUCK, **AWAY}],
    ),
    "a blind view: what else is unknown": (alert("ViewBlind", "warning", LOOKUP, job="autodiscover"), [STUCK]),
    "a server's fault: passwords, other causes, other servers": (
        shared("critical"),
        [PASSWORD, {**WARNING, **FABRIKAM}, {**AFFECTED, "server": "mail.fabrikam.com"}],
    ),
    "a server's lesser fault: what is critical": (shared("warning"), [AFFECTED]),
    "what is critical: other domains, and what is critical too": (
        AFFECTED,
        [{**WARNING, **FABRIKAM}, PASSWORD, alert("ScheduleLag", "warning", **OWN)],
    ),
}


def silenced(world: World, alerts: list[dict[str, str]]) -> list[bool]:
    """Which of these are inhibited, when all of them fire."""
    start_alertmanager(world, FOLDER / "prometheus" / "alertmanager.yml", world.folder / "alertmanager")
    sent = json.dumps([{"labels": {name: text for name, text in each.items() if text}} for each in alerts])
    place = f"http://{ALERTMANAGER}/api/v2/alerts"
    posted = world.namespace.run("curl", "-sSf", "-H", "Content-Type: application/json", "-d", "@-", place, text=sent)
    assert posted.returncode == 0, posted.stderr
    found = json.loads(world.namespace.run("curl", "-sSf", place).stdout)
    states = {json.dumps(each["labels"], sort_keys=True): bool(each["status"]["inhibitedBy"]) for each in found}
    return [states[json.dumps(each["labels"], sort_keys=True)] for each in json.loads(sent)]


@pytest.mark.parametrize("name", SILENCED)
def test_what_is_told_already_says_nothing(world: World, name: str) -> None:
    source, targets = SILENCED[name]
    assert silenced(world, [source, *targets]) == [False, *(True for _ in targets)]


@pytest.mark.parametrize("name", TOLD)
def test_what_nothing_else_tells_is_told(world: World, name: str) -> None:
    source, targets = TOLD[name]
    assert silenced(world, [source, *targets])[1:] == [False for _ in targets]
