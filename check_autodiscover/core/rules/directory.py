"""Rules about what Active Directory leads domain-joined clients to: `directory-*`.

Only runs that ask a directory load this module. The certificates at its URLs are judged in `certificates`, as others.
"""

from collections.abc import Iterator

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.analysis.contacts import EndpointState, Reach
from check_autodiscover.core.analysis.directory import Reading, ScpUrl, read_directory, within_reach
from check_autodiscover.core.analysis.endpoints import Candidate
from check_autodiscover.core.model.finding import Endpoint, Finding
from check_autodiscover.core.model.observations import AUTODISCOVER_PATH, DirectoryStatus
from check_autodiscover.core.model.policy import Method, Step
from check_autodiscover.core.rules.phrases import joined
from check_autodiscover.core.rules.services import judge_contacted, silence

__all__ = ["judge_directory", "judge_reading"]

_ADVICE = {
    DirectoryStatus.UNREACHABLE: "Check that a domain controller runs there, and that this host may reach its port.",
    DirectoryStatus.SILENT: "Check that a domain controller runs there, and that no firewall drops what we send.",
    DirectoryStatus.NO_TLS: "Give the domain controller a certificate for LDAPS (AD CS issues it, or put one into the "
    "store NTDS\\Personal), or ask a port that speaks TLS.",
    DirectoryStatus.UNTRUSTED: "Give the CA of the domain controllers with --ca-file, and ask by a name that their "
    "certificate holds.",
    DirectoryStatus.UNENCRYPTED: "Ask by ldaps://, or give the domain controller a certificate, so that it offers "
    "StartTLS.",
    DirectoryStatus.LOGIN_REFUSED: "Correct --scp-user (as in svc@contoso.com) or what --scp-password-file holds.",
    DirectoryStatus.NO_TICKET: "Get a ticket for the user of --scp-user, for the account that runs this check (kinit "
    "-k -t KEYTAB USER, KRB5CCNAME), or give --scp-password-file.",
    DirectoryStatus.ANONYMOUS_REFUSED: "Give an account without any rights: --scp-user and --scp-password-file.",
    DirectoryStatus.FORBIDDEN: "Let this account read the configuration partition, as every account of the forest may.",
    DirectoryStatus.NO_CONFIGURATION: "Name a domain controller of the forest that Exchange was installed in.",
    DirectoryStatus.DENIED: "Name the domain under domains: for others no pointer to another directory is followed.",
    DirectoryStatus.CUT_SHORT: "See what does not answer; if it is only slow, raise --timeout.",
}


def judge_reading(picture: Assessment) -> Iterator[Finding]:
    """`directory-unavailable`, once for all views: without the directory's word nothing else is said of it."""
    if not any(_concerned(view) for view in picture.views):
        return
    reading = read_directory(picture.survey)
    if not reading.known:
        status = reading.status or DirectoryStatus.CUT_SHORT
        advice = _ADVICE.get(status, "See the words of the server; autodiscoverctl diagnose shows what it was asked.")
        yield Finding(
            rule="directory-unavailable",
            view="",
            endpoint=Endpoint.SCP,
            subject=reading.server,
            args=(("state", status.value), ("detail", reading.detail), ("advice", advice)),
        )


def judge_directory(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """What a view's clients are led to: nothing, elsewhere, to a server that does not answer, or to one that fails."""
    if not _concerned(view):
        return
    reading = read_directory(picture.survey)
    if reading.known and not reading.urls:
        yield _missing(picture, view, reading)
    if reading.known:
        yield from _judge_expected(picture, view, reading)
    for candidate in view.scene.candidates:
        if candidate.endpoint is Endpoint.SCP:
            yield from _judge_url(view, candidate)


def _concerned(view: ViewAssessment) -> bool:
    return within_reach(view.scene.view) and Step.SCP not in view.scene.disabled


def _missing(picture: Assessment, view: ViewAssessment, reading: Reading) -> Finding:
    host = next((item.name for item in view.intended), "SERVER")
    return Finding(
        rule="directory-scp-missing",
        view=view.name,
        endpoint=Endpoint.SCP,
        subject=picture.survey.domain,
        args=(("server", reading.server), ("host", next(iter(picture.survey.policy.servers), host))),
    )


def _judge_expected(picture: Assessment, view: ViewAssessment, reading: Reading) -> Iterator[Finding]:
    """`directory-scp-unexpected`: against `--expected-scp`, else what no client of this domain has a use for."""
    expected = picture.survey.policy.expect.scp
    wrong = [url for url in reading.urls if expected and url.text not in expected]
    missing = [text for text in expected if text not in {url.text for url in reading.urls}]
    for url in reading.urls:
        if url in wrong:
            yield _unexpected(view, url, expected=joined(expected))
        elif url.target is None:
            yield _unexpected(view, url, unusable="clients use https URLs of Autodiscover alone")
        elif not expected and _cloud(view, url):
            yield _unexpected(view, url, expected="a server of this domain")
    if missing and reading.urls and not wrong:
        yield _unexpected(view, None, missing=joined(missing))


def _cloud(view: ViewAssessment, url: ScpUrl) -> bool:
    """Whether a URL leads to Exchange Online, which this method has no part in."""
    led = (item for item in view.scene.candidates if item.endpoint is Endpoint.SCP and item.point == url.point)
    return view.method is not Method.EXCHANGE_ONLINE and any(item.cloud for item in led)


def _unexpected(view: ViewAssessment, url: ScpUrl | None, **told: str) -> Finding:
    point = url.point if url else ""
    change = f"Set-ClientAccessService -Identity {point or 'SERVER'} -AutoDiscoverServiceInternalUri"
    known = {
        "point": point,
        "url": (url.text or "an empty URL") if url else "",
        "expected": "",
        "missing": "",
        "unusable": "",
        **told,
    }
    wanted = known["missing"] or known["expected"] if "://" in known["missing"] + known["expected"] else _WANTED
    meant = "" if known["unusable"] else "; if the directory is right, expect what it has (--expected-scp)"
    return Finding(
        rule="directory-scp-unexpected",
        view=view.name,
        endpoint=Endpoint.SCP,
        subject=url.target.host if url and url.target else known["url"] or known["missing"],
        args=(*known.items(), ("advice", f"On the Exchange server: {change} {wanted}{meant}.")),
    )


_WANTED = f"https://SERVER{AUTODISCOVER_PATH}"


def _judge_url(view: ViewAssessment, candidate: Candidate) -> Iterator[Finding]:
    met = view.scene.met[candidate]
    reason = _dead(candidate, met)
    if reason and not candidate.hop:
        yield Finding(
            rule="directory-scp-unreachable",
            view=view.name,
            endpoint=Endpoint.SCP,
            subject=candidate.name,
            addresses=tuple(meeting.address for meeting in met),
            args=(
                ("point", candidate.point),
                ("port", str(candidate.named_port or "")),
                ("where", joined(meeting.address for meeting in met)),
                ("reason", reason),
            ),
        )
    yield from judge_contacted(view, candidate, met)


def _dead(candidate: Candidate, met: tuple[EndpointState, ...]) -> str:
    """Why nobody reaches the server, empty where somebody does or where it is not known."""
    if not candidate.addresses and not candidate.cloud:
        return "the name has no address" if candidate.resolution.leads_nowhere else ""
    tried = [meeting for meeting in met if not meeting.untried]
    dead = [meeting for meeting in tried if meeting.reach in (Reach.DEAD, Reach.SILENT)]
    return silence(dead[0]) if dead and len(dead) == len(tried) else ""
