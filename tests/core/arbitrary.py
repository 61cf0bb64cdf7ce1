"""Surveys of anything that resolvers and servers could say, for properties that hold whatever is observed.

`survey_from` answers each question that the plan asks with something drawn from small pools, so that names, addresses
and certificates meet one another; a survey depends on its seed alone.
"""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from check_autodiscover.core.analysis.plan import plan
from check_autodiscover.core.model.certificate import Revocation, Staple, UnreadableCertificate
from check_autodiscover.core.model.observations import (
    Connect,
    ConnectionPoint,
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
    Observation,
    Question,
    RecordType,
    Scheme,
    Srv,
    Tls,
    VerifyError,
)
from check_autodiscover.core.model.policy import (
    ClientName,
    Directory,
    Expectations,
    Expected,
    Family,
    Method,
    Policy,
    Resolver,
    Step,
    Transport,
    View,
)
from check_autodiscover.core.model.survey import Survey
from tests.core.worlds import (
    AUTODISCOVER,
    CLOUD,
    DOMAIN,
    EXCHANGE,
    NOW,
    PAGE,
    PASSWORD,
    SETTINGS,
    certificate,
    redirect,
    status,
)

__all__ = ["MOST_QUESTIONS", "answers_from", "policy_from", "survey_from"]

MOST_QUESTIONS = 3000
"""More than any plan may ask with two views: one that asks on and on has no bound."""

REMOTE, MAIL = "remote.contoso.com", "mail.contoso.com"
HOSTS = (DOMAIN, AUTODISCOVER, REMOTE, MAIL, CLOUD, "a.example", "b.example", "ns1.contoso.com")
V4 = ("203.0.113.10", "203.0.113.11", "198.51.100.80")
V6 = ("2001:db8::10", "2001:db8::11")
PATH = "/autodiscover/autodiscover.xml"
METHODS = (Method.AUTO, Method.SRV, Method.HOST, Method.EXCHANGE_ONLINE, Method.REDIRECT, Method.NONE)
DIRECTORIES = ("ldaps://dc1.contoso.com", "ldap://dc2.contoso.com")
KEYWORDS = ("67661d7F-8FC4-4fa7-BFAC-E1D7794C1F68", "77378F46-2C66-4aa9-A6A6-3E7A48B19596")
BINDINGS = (
    *(f"https://{name}/Autodiscover/Autodiscover.xml" for name in HOSTS),
    *DIRECTORIES,
    "http://ex1/autodiscover/autodiscover.xml",
    "no URL",
)
CERTIFICATES = (
    certificate(REMOTE),
    certificate(AUTODISCOVER, DOMAIN),
    certificate("*.contoso.com"),
    certificate("*.hoster.example", issuer="Hoster CA"),
    certificate(common_name=AUTODISCOVER),
    certificate(REMOTE, AUTODISCOVER, DOMAIN, days=10),
    certificate(REMOTE, AUTODISCOVER, DOMAIN, days=-2),
    certificate(AUTODISCOVER, days=120),
    certificate(REMOTE, AUTODISCOVER, issuer="Proxy CA", issuer_key="0a"),
    certificate("*.hoster.example", issuer="Proxy CA", issuer_key="0a"),
    UnreadableCertificate("00" * 32, "bad DER"),
)
ANSWERS = (
    EXCHANGE,
    PAGE,
    PASSWORD,
    SETTINGS,
    *(status(code) for code in (200, 400, 401, 403, 404, 429, 500, 503, 999)),
    *(redirect(f"https://{name}{PATH}") for name in HOSTS),
    redirect(f"http://{REMOTE}{PATH}"),
    redirect(f"https://{REMOTE}/owa/"),
    redirect("https://[::1]/"),
    *(HttpAnswer("GET", outcome) for outcome in Exchange if outcome is not Exchange.ANSWERED),
)


def policy_from(random: Random) -> Policy:
    """Any policy of two views."""
    return Policy(
        views=(_view(random, "inside", 1), _view(random, "outside", 11)),
        method=random.choice(METHODS),
        methods=(("outside", random.choice(METHODS)),) if random.random() < 0.2 else (),
        servers=tuple(random.sample((REMOTE, MAIL, AUTODISCOVER), random.choice((0, 1, 1, 2)))),
        directory=Directory(DIRECTORIES[0], site=random.choice(("", "Here"))) if random.random() < 0.4 else None,
        expect=_expectations(random),
        families=random.choice(((Family.IPV4,), (Family.IPV6,), (Family.IPV4, Family.IPV6))),
        clients=tuple(random.sample(tuple(ClientName), random.randint(1, len(ClientName)))),
        skip_steps=tuple(random.sample(tuple(Step), random.choice((0, 0, 0, 1, 2)))),
    )


def _view(random: Random, name: str, first: int) -> View:
    resolvers = tuple(Resolver(f"192.0.2.{first + index}") for index in range(random.randint(1, 2)))
    skipped = tuple(random.sample(tuple(Step), random.choice((0, 0, 0, 0, 1, 3))))
    return View(name, resolvers, connect=random.random() > 0.1, skip_steps=skipped)


def _expectations(random: Random) -> Expectations:
    if random.random() < 0.5:
        return Expectations()
    return Expectations(
        addresses=_some(random, (*V4, "203.0.113.0/24", "2001:db8::/32")),
        srv=_some(random, (REMOTE, f"{REMOTE}:443", f"{MAIL}:8443")),
        aliases=_some(random, (CLOUD, "a.example")),
        wildcards=_some(random, (DOMAIN, f"*.{DOMAIN}")),
        public_keys=("key of " + REMOTE,) if random.random() < 0.3 else (),
        issuers=("Example CA",) if random.random() < 0.3 else (),
        redirects=(REMOTE,) if random.random() < 0.3 else (),
    )


def _some(random: Random, values: tuple[str, ...]) -> tuple[Expected, ...]:
    if random.random() < 0.6:
        return ()
    chosen = random.sample(values, random.randint(1, len(values)))
    return tuple(Expected(value, random.choice(("", "inside", "outside"))) for value in chosen)


def survey_from(seed: int, policy: Policy | None = None) -> Survey:
    """A whole run in which everything is answered at random, the same for the same seed. Raises if it has no end."""
    random = Random(seed)
    chosen = policy or policy_from(random)
    survey = Survey(
        domain=DOMAIN, policy=chosen, labels=("xrandom", "xother"), started=NOW - 1, ended=NOW, parents=("com",)
    )
    trouble = random.choice((0.0, 0.05, 0.3))
    while wanted := _wanted(survey):
        for question in wanted:
            survey = survey.observed(question, _answer(random, question, trouble))
        if len(survey.lookups) + len(survey.contacts) + len(survey.directories) > MOST_QUESTIONS:
            raise AssertionError("the plan has no end")
    if random.random() < 0.2 and survey.contacts:
        survey = _cut(random, survey)
    return survey


def answers_from(seed: int, most: int) -> Iterator[tuple[Survey, Question, Observation]]:
    """A run answered at random and in random order, answer by answer, each with what was known before it."""
    random = Random(seed)
    policy = policy_from(random)
    if random.random() < 0.3:
        authorities = View("authoritative", (Resolver("", transport=Transport.AUTHORITATIVE),))
        policy = replace(policy, views=(*policy.views, authorities))
    survey = Survey(domain=DOMAIN, policy=policy, labels=("xrandom", "xother"), started=NOW - 1, parents=("com",))
    trouble = random.choice((0.0, 0.05, 0.3))
    for _ in range(most):
        wanted = _wanted(survey)
        if not wanted:
            return
        question = random.choice(wanted)
        observation = _answer(random, question, trouble)
        yield survey, question, observation
        survey = survey.observed(question, observation)


def _wanted(survey: Survey) -> list[Question]:
    """What is to be asked next, in an order that depends on nothing but the questions."""
    asked = {*survey.lookups, *survey.contacts, *survey.directories}
    return sorted((question for question in plan(survey) if question not in asked), key=repr)


def _cut(random: Random, survey: Survey) -> Survey:
    """The same survey, a connection of which the deadline cut off unasked."""
    question = random.choice(sorted(survey.contacts, key=repr))
    kept = {key: value for key, value in survey.contacts.items() if key != question}
    return replace(survey, contacts=kept, unfinished=frozenset({question}))


def _answer(random: Random, question: Question, trouble: float) -> Observation:
    match question:
        case DirectoryQuestion():
            return _directory_answer(random, trouble)
        case DnsQuestion():
            return _dns_answer(random, question, trouble)
        case EndpointQuestion():
            return _contact(random, question, trouble)


FAILURES = tuple(each for each in DnsStatus if not each.conclusive and each is not DnsStatus.DISBELIEVED)


def _directory_answer(random: Random, trouble: float) -> DirectoryAnswer:
    if random.random() < trouble:
        return DirectoryAnswer(random.choice(tuple(DirectoryStatus)[1:]), detail="words")
    return DirectoryAnswer(DirectoryStatus.ANSWER, tuple(_point(random) for _ in range(random.choice((0, 1, 1, 2, 3)))))


def _point(random: Random) -> ConnectionPoint:
    keywords = (random.choice(KEYWORDS), random.choice(("Site=Here", "Site=There", f"Domain={DOMAIN}", "")))
    return ConnectionPoint("CN=EX1,CN=Autodiscover", keywords, (random.choice(BINDINGS),))


def _dns_answer(random: Random, question: DnsQuestion, trouble: float) -> DnsAnswer:
    if random.random() < trouble:
        return DnsAnswer(random.choice(FAILURES), seconds=random.random())
    if random.random() < 0.4:
        negative = random.choice((DnsStatus.NODATA, DnsStatus.NXDOMAIN))
        return DnsAnswer(negative, zone=random.choice(("", DOMAIN, "com")), authoritative=random.random() < 0.5)
    aliases = tuple(random.sample(HOSTS, random.choice((0, 0, 0, 1, 2, 3))))
    ttl, authoritative = random.randint(0, 3600), random.random() < 0.5
    answer = DnsAnswer(DnsStatus.ANSWER, aliases=aliases, ttl=ttl, authoritative=authoritative)
    if aliases and random.random() < 0.3:
        return answer
    return _data(random, question.type, answer)


def _data(random: Random, type_: RecordType, answer: DnsAnswer) -> DnsAnswer:
    match type_:
        case RecordType.A:
            return replace(answer, addresses=tuple(random.sample(V4, random.randint(1, 3))))
        case RecordType.AAAA:
            return replace(answer, addresses=tuple(random.sample(V6, random.randint(1, 2))))
        case RecordType.SRV:
            return replace(answer, services=tuple(_service(random) for _ in range(random.randint(1, 3))))
        case RecordType.SOA:
            return replace(answer, serial=random.choice((7, 8)))
        case _:
            return replace(answer, names=tuple(random.sample(HOSTS, random.randint(1, 3))))


def _service(random: Random) -> Srv:
    target = random.choice((REMOTE, REMOTE, MAIL, AUTODISCOVER, "", f"{REMOTE}.{DOMAIN}"))
    return Srv(random.choice((0, 10)), random.choice((0, 5)), random.choice((443, 443, 8443)), target)


def _contact(random: Random, question: EndpointQuestion, trouble: float) -> Contact:
    if random.random() < max(trouble, 0.1):
        return Contact(random.choice(tuple(Connect)[1:]), seconds=random.random())
    answers = tuple(random.choice(ANSWERS) for _ in range(random.choice((0, 1, 1, 1, 2))))
    if question.scheme is Scheme.HTTP:
        return Contact(Connect.CONNECTED, None, answers)
    shaken = random.choice(tuple(Handshake)) if random.random() < trouble else Handshake.ESTABLISHED
    chain = tuple(random.choice(CERTIFICATES) for _ in range(random.choice((0, 1, 1, 1, 2))))
    codes = random.sample((10, 18, 19, 20, 21, 23, 26, 66, 62), random.choice((0, 0, 0, 1, 2)))
    errors = tuple(VerifyError(code, random.choice((0, 0, 1))) for code in codes)
    revoked = Staple(Revocation.REVOKED, int(NOW) - 60, revoked_at=int(NOW) - 600)
    staple = revoked if random.random() < 0.1 else None
    tls = Tls(shaken, "TLSv1.3", chain, errors, random.random() < 0.1, staple=staple)
    return Contact(Connect.CONNECTED, tls, answers if shaken is Handshake.ESTABLISHED else ())
