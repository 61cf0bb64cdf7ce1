"""Made-up worlds that answer the plan's questions without a socket, so that a whole run is a pure table.

`survey_of` asks what `plan` wants until it wants nothing more, as `run` does, and gives the Survey.
"""

from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from check_autodiscover.core.analysis.drift import accept
from check_autodiscover.core.analysis.plan import plan
from check_autodiscover.core.model.baseline import write_baseline
from check_autodiscover.core.model.certificate import Certificate, Staple, UnreadableCertificate
from check_autodiscover.core.model.observations import (
    AUTODISCOVER_PATH,
    Connect,
    Contact,
    DirectoryAnswer,
    DirectoryQuestion,
    DirectoryStatus,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    Exchange,
    Handshake,
    HttpAnswer,
    Question,
    RecordType,
    Scheme,
    Srv,
    Tls,
    Variant,
    VerifyError,
)
from check_autodiscover.core.model.policy import Policy, Resolver, View
from check_autodiscover.core.model.survey import BaselineFile, Survey
from check_autodiscover.core.verdict.judge import assemble

NOW = 1_795_392_000.0
"""2026-11-23 00:00 UTC, the end of every survey here."""

DAY = 86_400
DOMAIN = "contoso.com"
AUTODISCOVER = "autodiscover.contoso.com"
SRV_NAME = "_autodiscover._tcp.contoso.com"
SERVER = "203.0.113.10"
APEX = "198.51.100.7"
FOREIGN = "198.51.100.80"
CLOUD = "autodiscover.outlook.com"


def certificate(
    *names: str,
    days: float = 61,
    key: str = "",
    issuer: str = "Example CA",
    common_name: str = "",
    issuer_key: str = "",
) -> Certificate:
    """A certificate for some names, with a key of its own unless one is given; it lives 90 d, `days` are left."""
    identity = key or "key of " + ",".join(names or (common_name,))
    return Certificate(
        fingerprint=sha256(repr((identity, names, days, issuer)).encode()).hexdigest(),
        public_key=identity,
        subject=f"CN={common_name or (names[0] if names else '')}",
        common_name=common_name or (names[0] if names else ""),
        issuer=f"CN={issuer}",
        issuer_common_name=issuer,
        issuer_organization=issuer,
        not_before=int(NOW + (days - 90) * DAY),
        not_after=int(NOW + days * DAY + 3600),
        dns_names=names,
        has_san=bool(names),
        issuer_key=issuer_key,
    )


EXCHANGE = HttpAnswer(
    "GET",
    Exchange.ANSWERED,
    401,
    (("www-authenticate", "Negotiate"), ("www-authenticate", "NTLM"), ("x-feserver", "EX1")),
)
PAGE = HttpAnswer("GET", Exchange.ANSWERED, 200, (("content-type", "text/html"),), "<html><body>Welcome</body></html>")
SETTINGS = HttpAnswer(
    "GET",
    Exchange.ANSWERED,
    200,
    (("content-type", "text/xml"),),
    '<?xml version="1.0"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">',
)
PASSWORD = HttpAnswer("GET", Exchange.ANSWERED, 401, (("www-authenticate", 'Basic realm="panel"'),))


def xml(inside: str, method: str = "GET") -> HttpAnswer:
    """Autodiscover XML with this inside its Response."""
    space = "http://schemas.microsoft.com/exchange/autodiscover"
    body = (
        f'<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="{space}/responseschema/2006">'
        f'<Response xmlns="{space}/outlook/responseschema/2006a">{inside}</Response></Autodiscover>'
    )
    return HttpAnswer(method, Exchange.ANSWERED, 200, (("content-type", "text/xml"),), body)


def xml_redirect(action: str, target: str) -> HttpAnswer:
    """XML that sends a client on, by `redirectUrl` or `redirectAddr`."""
    element = "R" + action[1:]
    return xml(f"<Account><Action>{action}</Action><{element}>{target}</{element}></Account>")


def status(code: int) -> HttpAnswer:
    """An answer with a status and an empty page."""
    return HttpAnswer("GET", Exchange.ANSWERED, code, (("content-type", "text/html"),))


def redirect(url: str) -> HttpAnswer:
    """A redirect to a URL."""
    return HttpAnswer("GET", Exchange.ANSWERED, 302, (("location", url),))


@dataclass(frozen=True)
class Site:
    """What listens at an address: by default nothing on either port."""

    certificate: Certificate | UnreadableCertificate | None = None
    answer: HttpAnswer = EXCHANGE
    errors: tuple[VerifyError, ...] = ()
    https: Connect = Connect.CONNECTED
    handshake: Handshake = Handshake.ESTABLISHED
    http: Connect = Connect.REFUSED
    http_answer: HttpAnswer = PAGE
    above: tuple[Certificate, ...] = ()
    """What is presented above the leaf."""
    asks: bool = False
    """Whether it asks for a client certificate."""
    asks_here: bool = False
    """Whether it asks for one at Autodiscover's path alone."""
    elsewhere: HttpAnswer | None = None
    """The answer at other paths than Autodiscover's, where it differs."""
    beside: HttpAnswer | None = None
    """What the V2 service answers on the same connection, where it is asked."""
    tls_1_2: HttpAnswer | None = None
    """The answer at Autodiscover's path under TLS 1.2, where it differs: it is then asked for by renegotiation."""
    staple: Staple | None = None

    def contact(self, question: EndpointQuestion) -> Contact:
        """The observation that a connection to this site yields."""
        if question.scheme is Scheme.HTTP:
            spoken = (self.http_answer,) if self.http is Connect.CONNECTED else ()
            return Contact(self.http, None, spoken, 0.01)
        if self.https is not Connect.CONNECTED or self.certificate is None:
            return Contact(self.https if self.certificate else Connect.REFUSED, seconds=0.01)
        chain = (self.certificate, *self.above)
        asks = self.asks or (self.asks_here and question.path == AUTODISCOVER_PATH)
        tls = Tls(self.handshake, "TLSv1.3", chain, self.errors, asks, staple=self.staple)
        beside = question.path != AUTODISCOVER_PATH and self.elsewhere is not None
        answer = self.elsewhere if beside and self.elsewhere else self.answer
        if question.variant is Variant.TLS_1_2 and self.tls_1_2 is not None and not beside:
            tls, answer = replace(tls, version="TLSv1.2", client_certificate_requested=True), self.tls_1_2
        answers = tuple(filter(None, (answer, self.beside)))
        return Contact(Connect.CONNECTED, tls, answers if self.handshake is Handshake.ESTABLISHED else (), 0.01)


Data = dict[str, dict[RecordType | str, tuple[object, ...]]]


@dataclass(frozen=True)
class Zone:
    """One view's records: name -> type -> data, `CNAME` spelt as a string; `*.parent` is a wildcard (RFC 4592)."""

    records: Data = field(default_factory=dict)
    failing: dict[str, DnsStatus] = field(default_factory=dict)
    """Names that get no answer, and at which an alias's answer stops; the empty name stands for all of them."""
    silent: tuple[tuple[str, RecordType], ...] = ()
    """Questions that get no answer."""
    authoritative: bool = False
    rewritten: str = ""
    """The address that this resolver gives in place of NXDOMAIN."""
    bogus: tuple[str, ...] = ()
    """Names that fail validation: SERVFAIL unless checking is disabled."""

    def with_(self, name: str, type_: RecordType | str, *data: object) -> "Zone":
        """This zone with a record set added or replaced."""
        return replace(self, records={**self.records, name: {**self.records.get(name, {}), type_: data}})

    def without(self, name: str) -> "Zone":
        """This zone without a name."""
        return replace(self, records={key: value for key, value in self.records.items() if key != name})

    def answer(self, name: str, type_: RecordType) -> DnsAnswer:
        """What a resolver of this zone says, aliases followed."""
        failure = self.failing.get(name) or self.failing.get("")
        if (name, type_) in self.silent:
            failure = DnsStatus.TIMEOUT
        if failure is not None:
            return DnsAnswer(failure, seconds=0.6)
        aliases: list[str] = []
        owner = name
        while True:
            if owner in self.failing:
                return DnsAnswer(DnsStatus.ANSWER, aliases=tuple(aliases), ttl=60, authoritative=self.authoritative)
            data = self._data(owner)
            if data is None:
                if self.rewritten and type_ is RecordType.A:
                    return DnsAnswer(DnsStatus.ANSWER, (self.rewritten,), ttl=60)
                return DnsAnswer(
                    DnsStatus.NXDOMAIN, aliases=tuple(aliases), ttl=60, zone=DOMAIN, authoritative=self.authoritative
                )
            if "CNAME" not in data or len(aliases) > 8:
                break
            owner = str(data["CNAME"][0])
            aliases.append(owner)
        return self._final(data.get(type_, ()), tuple(aliases), type_)

    def _final(self, values: tuple[object, ...], aliases: tuple[str, ...], type_: RecordType) -> DnsAnswer:
        if not values:
            return DnsAnswer(DnsStatus.NODATA, aliases=aliases, ttl=60, zone=DOMAIN, authoritative=self.authoritative)
        services = tuple(value for value in values if isinstance(value, Srv))
        serials = [value for value in values if isinstance(value, int)]
        texts = tuple(value for value in values if isinstance(value, str))
        hosts = type_ in (RecordType.NS, RecordType.MX)
        return DnsAnswer(
            DnsStatus.ANSWER,
            () if hosts else texts,
            services,
            aliases,
            ttl=300,
            authoritative=self.authoritative,
            seconds=0.012,
            names=texts if hosts else (),
            serial=serials[0] if serials else None,
        )

    def _data(self, name: str) -> dict[RecordType | str, tuple[object, ...]] | None:
        if name in self.records:
            return self.records[name]
        if any(other.endswith("." + name) for other in self.records if not other.startswith("*")):
            return {}
        labels = name.split(".")
        for index in range(1, len(labels)):
            parent = ".".join(labels[index:])
            if f"*.{parent}" in self.records:
                return self.records[f"*.{parent}"]
            if parent in self.records or any(other.endswith("." + parent) for other in self.records):
                return None
        return None


@dataclass(frozen=True)
class World:
    """Zones by view, sites by address, and the policy that is asked for."""

    zones: dict[str, Zone]
    sites: dict[str, Site]
    policy: Policy
    resolvers: dict[str, Zone] = field(default_factory=dict)
    """Zones of single resolvers, by label, where they differ from their view's; and of the domain's own servers."""
    directories: dict[str, DirectoryAnswer] = field(default_factory=dict)
    """What each directory says, by LDAP URL; others cannot be reached."""
    cut: tuple[str, ...] = ()
    """Addresses and names whose questions the deadline cut off."""
    accepted: "World | None" = None
    """The world whose accepted part is the baseline, a day old."""
    file: BaselineFile | None = None
    """The baseline's file, where it is another than that world's."""

    def zone(self, change: object, *views: str) -> "World":
        """This world with a function applied to the zones of some views, of all if none is named."""
        assert callable(change)
        zones = {name: change(zone) if name in (views or self.zones) else zone for name, zone in self.zones.items()}
        return replace(self, zones=zones)

    def site(self, address: str, site: Site) -> "World":
        """This world with another site at an address."""
        return replace(self, sites={**self.sites, address: site})

    def since(self, accepted: "World") -> "World":
        """This world, with what another one was as its baseline."""
        return replace(self, accepted=accepted)

    def with_policy(self, **changes: Any) -> "World":
        """This world judged by another policy."""
        return replace(self, policy=replace(self.policy, **changes))


def views(*names: str) -> tuple[View, ...]:
    """Views with one resolver each: 10.0.0.2 inside, 192.0.2.53 outside."""
    hosts = {"inside": "10.0.0.2", "outside": "192.0.2.53", "default": "192.0.2.1"}
    return tuple(View(name, (Resolver(hosts[name]),)) for name in names)


def survey_of(world: World, labels: tuple[str, ...] = ("xrandom",), parents: tuple[str, ...] = ()) -> Survey:
    """The survey of a whole run in a world."""
    survey = Survey(domain=DOMAIN, policy=world.policy, labels=labels, started=NOW - 0.4, ended=NOW, parents=parents)
    while wanted := plan(survey) - {*survey.lookups, *survey.contacts, *survey.directories} - survey.unfinished:
        for question in wanted:
            survey = _answered(world, survey, question)
    return replace(survey, baseline=_baseline(world) or world.file)


def _baseline(world: World) -> BaselineFile | None:
    if world.accepted is None:
        return None
    survey = survey_of(world.accepted)
    accepted = accept(assemble(survey, survey.ended))
    return BaselineFile(f"{DOMAIN}.json", write_baseline(replace(accepted, accepted=int(NOW - DAY))))


def _answered(world: World, survey: Survey, question: Question) -> Survey:
    match question:
        case DirectoryQuestion(ldap_url=url):
            unreachable = DirectoryAnswer(DirectoryStatus.UNREACHABLE, detail="Connection refused")
            return survey.observed(question, world.directories.get(url, unreachable))
        case DnsQuestion(name=name) if name in world.cut:
            return survey.observed(question, DnsAnswer(DnsStatus.CUT_SHORT))
        case DnsQuestion(view=view, name=""):
            failure = world.zones[view].failing.get("") if view else None
            return survey.observed(question, DnsAnswer(failure or DnsStatus.ANSWER, ttl=60))
        case DnsQuestion(view=view, resolver=resolver, name=name, type=type_, checking_disabled=unchecked):
            zone = world.resolvers[resolver] if resolver in world.resolvers else world.zones[view]
            bogus = not unchecked and any(name == each or name.endswith("." + each) for each in zone.bogus)
            answer = DnsAnswer(DnsStatus.SERVFAIL) if bogus else zone.answer(name, type_)
            return survey.observed(question, answer)
        case EndpointQuestion(address=address) if address in world.cut:
            return survey.observed(question, Contact(Connect.CUT_SHORT))
        case EndpointQuestion(address=address):
            return survey.observed(question, world.sites.get(address, Site()).contact(question))
