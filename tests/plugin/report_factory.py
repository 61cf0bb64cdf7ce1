"""Reports made by hand, for everything that prints one."""

from dataclasses import replace

from check_autodiscover.core.model.certificate import UnreadableCertificate
from check_autodiscover.core.model.clients import Outcome, Walk, WalkStep
from check_autodiscover.core.model.finding import Endpoint, Finding
from check_autodiscover.core.model.metrics import Measure
from check_autodiscover.core.model.observations import (
    Connect,
    Contact,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    Exchange,
    Handshake,
    HttpAnswer,
    RecordType,
    Scheme,
    Srv,
    Tls,
)
from check_autodiscover.core.model.policy import ClientName, Method, Resolver, Step, View
from check_autodiscover.core.model.report import Judgement, MethodChoice, Report, Role
from check_autodiscover.core.model.states import State
from tests.plugin.survey_factory import CONTACTS, DOMAIN, INSIDE, LOOKUPS, OUTSIDE, certificate, survey

__all__ = ["BLIND", "HEALTHY", "TRAPPED", "judgement", "spoken_by_a_stranger"]

PATH = "/autodiscover/autodiscover.xml"
ROOT_URL = f"https://contoso.com{PATH}"
NAME_URL = f"https://autodiscover.contoso.com{PATH}"
REDIRECT_URL = f"http://autodiscover.contoso.com{PATH}"
REMOTE_URL = f"https://remote.contoso.com{PATH}"
CLOSED = WalkStep(Step.ROOT, ROOT_URL, "next", "0x80072EFD", "no connection")


def judgement(
    id_: str,
    rule: str,
    state: State,
    message: str,
    *,
    view: str = "",
    remedy: str = "",
    accepted: str | None = None,
) -> Judgement:
    cause, dot, _ = id_.partition(".")
    return Judgement(
        id=id_,
        finding=Finding(rule=rule, view=view, endpoint=Endpoint.AUTODISCOVER, subject=DOMAIN, args=(("a", "b"),)),
        severity=state,
        role=Role.CONSEQUENCE if dot else Role.ROOT,
        caused_by=cause if dot else None,
        accepted=accepted,
        message=message,
        remedy=remedy,
    )


def performance(*views: str) -> tuple[Measure, ...]:
    counts = tuple(
        Measure(perfdata=f"causes_{name}", value=0, minimum=0) for name in ("critical", "warning", "unknown")
    )
    each = tuple(
        measure
        for view in views
        for measure in (
            Measure(perfdata=f"warned_{view}", value=0, minimum=0),
            Measure(perfdata=f"addr_{view}", value=1, minimum=0),
            Measure(perfdata=f"dns_{view}", value=0.012, unit="s", minimum=0),
        )
    )
    return (
        Measure(perfdata="time", metric="probe_duration_seconds", value=0.412, unit="s", minimum=0, maximum=10.0),
        *counts,
        Measure(
            perfdata="cert_left",
            value=5_184_000,
            unit="s",
            warning=1_944_000,
            critical=1_166_400.0,
            minimum=0,
            maximum=7_776_000,
        ),
        Measure(perfdata="drift", value=None, minimum=0),
        *each,
        Measure(metric="autodiscover_view_up", value=1, labels=(("view", "inside"),)),
    )


def served(view: str, client: ClientName) -> Walk:
    steps = (
        CLOSED,
        WalkStep(Step.AUTODISCOVER, NAME_URL, "next", "0x80072EE7", "the name has no address"),
        WalkStep(Step.REDIRECT, REDIRECT_URL, "next", "0x80072EE7", "the name has no address"),
        WalkStep(
            Step.SRV, REMOTE_URL, "asks-consent", "0x00000000", "203.0.113.10: asks for a login, as Exchange does"
        ),
    )
    return Walk(view, client, True, Outcome.ASKS_CONSENT, Step.SRV, steps)


HEALTHY = Report(
    domain=DOMAIN,
    state=State.OK,
    summary="srv to remote.contoso.com, 4 clients configured inside and outside, certificate valid 60 d",
    methods=tuple(
        MethodChoice(view, Method.AUTO, Method.SRV, "the SRV record leads to remote.contoso.com")
        for view in ("inside", "outside")
    ),
    judgements=tuple(
        judgement(
            number, "client-asks-consent", State.OK, "Outlook asks for consent", view=view, remedy="Nothing to do."
        )
        for number, view in (("1", "inside"), ("2", "outside"))
    ),
    walks=tuple(
        served(view, client)
        for view in ("inside", "outside")
        for client in (ClientName.OUTLOOK_2016, ClientName.OUTLOOK_2013)
    ),
    measures=performance("inside", "outside"),
    notes=("no directory was asked: domain-joined clients ask Active Directory first",),
    survey=survey(INSIDE, OUTSIDE, lookups=LOOKUPS, contacts=CONTACTS, anchors=("corp-ca.pem", "system (/etc/ssl)")),
)
"""Two views that agree."""

_CAPTURED = "catch-all *.contoso.com answers autodiscover.contoso.com (198.51.100.80): Outlook warns"

TRAPPED = replace(
    HEALTHY,
    state=State.CRITICAL,
    summary=f"outside, {_CAPTURED} [dns-wildcard-captures-autodiscover] (+1 more)",
    methods=(
        MethodChoice("inside", Method.HOST, Method.HOST, "declared"),
        MethodChoice("outside", Method.SRV, Method.SRV, "declared"),
    ),
    judgements=(
        judgement(
            "1",
            "dns-wildcard-captures-autodiscover",
            State.CRITICAL,
            _CAPTURED,
            view="outside",
            remedy="Remove the record *.contoso.com.",
        ),
        judgement(
            "1.1",
            "certificate-name-mismatch",
            State.CRITICAL,
            "certificate of 198.51.100.80 lacks autodiscover.contoso.com",
            view="outside",
            remedy="Reissue it.",
        ),
        judgement("1.2", "dns-views-disagree", State.WARNING, "views disagree: inside configured, outside warned"),
        judgement("2", "certificate-expiring", State.WARNING, "certificate expires in 20 d", remedy="Renew it."),
        judgement(
            "3",
            "dns-wildcard-present",
            State.OK,
            "catch-all *.contoso.com exists",
            view="inside",
            remedy="Remove it.",
            accepted="CHG-123",
        ),
    ),
    walks=(
        served("inside", ClientName.EWS),
        Walk(
            "outside",
            ClientName.OUTLOOK_2016,
            True,
            Outcome.WARNED,
            Step.REDIRECT,
            (
                WalkStep(Step.OFFICE365, "Office 365 endpoint", "unseen", "", "not observed: never contacted"),
                WalkStep(Step.SCP, "Active Directory", "unseen", "", "not observed: no directory was asked"),
                WalkStep(Step.ROOT, ROOT_URL, "unseen", "", "the name could not be looked up"),
                WalkStep(Step.AUTODISCOVER, NAME_URL, "next", "0x80004005", "a web page, not Autodiscover"),
                WalkStep(Step.REDIRECT, REDIRECT_URL, "follows", "", "redirect to web.hoster.example"),
                WalkStep(
                    Step.REDIRECT,
                    f"https://web.hoster.example{PATH}",
                    "warned",
                    "0x80072F06",
                    "198.51.100.80: the certificate lacks web.hoster.example",
                ),
            ),
        ),
        Walk(
            "outside",
            ClientName.EWS,
            False,
            Outcome.NOTHING,
            None,
            (CLOSED, WalkStep(Step.SRV, "SRV record", "next", "0x8004010F", "no SRV record")),
        ),
    ),
)
"""A cause with consequences, another cause, an accepted one, and every kind of step."""

BLIND = replace(
    HEALTHY,
    state=State.UNKNOWN,
    summary="no resolver answered (192.0.2.53 timeout) [dns-lookup-failed]",
    methods=(MethodChoice("default", Method.AUTO, Method.UNDETERMINED, "nothing was found"),),
    judgements=(
        judgement(
            "1", "dns-lookup-failed", State.UNKNOWN, "no resolver answered", view="default", remedy="Look there."
        ),
    ),
    walks=(),
    measures=(
        Measure(perfdata="time", value=10, unit="s", minimum=0, maximum=10.0),
        Measure(perfdata="cert_left", value=None, unit="s", minimum=0),
    ),
    notes=("one view only",),
    survey=survey(
        View("default", (Resolver("192.0.2.53"),)),
        unfinished=frozenset(
            {
                DnsQuestion("default", "192.0.2.53", "contoso.com", RecordType.A),
                EndpointQuestion("contoso.com", "192.0.2.1", 443, Scheme.HTTPS),
            }
        ),
    ),
)
"""One view of which nothing is known."""


def spoken_by_a_stranger(text: str) -> Report:
    """A report in which every word that may come from outside is this text."""
    told = judgement("1", "certificate-expired", State.CRITICAL, text, view="outside", remedy=text, accepted=text)
    step = WalkStep(Step.ROOT, f"https://{text}/", "next", "0x80004005", text)
    question = DnsQuestion("outside", "192.0.2.53", text, RecordType.SRV)
    answer = DnsAnswer(DnsStatus.ANSWER, (text,), (Srv(0, 0, 443, text),), (text,), zone=text)
    contact = Contact(
        Connect.CONNECTED,
        Tls(
            Handshake.REJECTED,
            text,
            (replace(certificate(text), issuer=text), UnreadableCertificate("ef" * 32, text)),
            detail=text,
        ),
        (HttpAnswer("GET", Exchange.ANSWERED, 200, (("server", text),), text, text),),
    )
    return replace(
        TRAPPED,
        summary=f"{text} [certificate-expired]",
        methods=(MethodChoice("outside", Method.AUTO, Method.SRV, text),),
        judgements=(told,),
        walks=(Walk("outside", ClientName.EWS, True, Outcome.NOTHING, None, (step,)),),
        notes=(text,),
        survey=survey(
            INSIDE,
            OUTSIDE,
            anchors=(text,),
            lookups={question: answer},
            contacts={EndpointQuestion(text, "192.0.2.1", 443, Scheme.HTTPS, text): contact},
            unfinished=frozenset({question}),
        ),
    )
