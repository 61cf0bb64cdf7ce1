"""The pages as one site: which path shows what, from the results that are there, and a look where one is asked for.

A page does not look at a domain by itself: it shows the last result with its age, and `look=true` obtains another as a
scrape would. Stylesheet and script are served under names that hold the hash of what is in them, so that browsers keep
them; a rule's page is made of the documentation's Markdown.
"""

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from markdown_it import MarkdownIt
from markupsafe import Markup

from autodiscover_exporter.pages.domain import MOST_OTHERS, domain_model, same_cause
from autodiscover_exporter.pages.overview import PAGE, Choice, Sort, Standing, entries_of, overview
from autodiscover_exporter.pages.templating import make_environment
from autodiscover_exporter.results.result import Failure, Result
from autodiscover_exporter.results.results import Outcome, Results
from autodiscover_exporter.web.messages import HTML, Request, Response
from check_autodiscover import __version__
from check_autodiscover.config.file import Configuration, UnknownModule
from check_autodiscover.config.levels import Contradiction
from check_autodiscover.core.analysis.walks import SUCCESS
from check_autodiscover.core.model.names import BadName, parse_domain
from check_autodiscover.core.rules.catalogue import CATALOGUE, RULES
from check_autodiscover.core.rules.rule import Rule
from check_autodiscover.output.rule_pages import page_of
from check_autodiscover.output.steps import WORDS

__all__ = ["POLICY", "Assets", "Site", "areas", "rule_html"]

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}

_KEPT = "public, max-age=31536000, immutable"


class Assets:
    """The files of `static/`. `names` maps a file to the name it is served under."""

    def __init__(self) -> None:
        self._responses: dict[str, Response] = {}
        self.names: dict[str, str] = {}
        for file in (files("autodiscover_exporter.pages") / "static").iterdir():
            stem, _, kind = file.name.rpartition(".")
            if kind not in _TYPES:
                continue
            body = file.read_bytes()
            served = f"{stem}.{sha256(body).hexdigest()[:16]}.{kind}"
            self.names[file.name] = served
            self._responses[served] = Response(body, content_type=_TYPES[kind], headers={"cache-control": _KEPT})

    def get(self, name: str) -> Response | None:
        """The file that is served under a name."""
        return self._responses.get(name)


def rule_html(rule_id: str) -> Markup:
    """The text of a rule's page. Raises KeyError where the catalogue has no such rule."""
    # HTML in the text is shown as text: our own pages need none, and so nobody's can have any.
    return Markup(MarkdownIt("commonmark", {"html": False}).enable("table").render(page_of(rule_id)))


def areas() -> dict[str, list[Rule]]:
    """The rules by the area in their names, in the order of the catalogue."""
    found: dict[str, list[Rule]] = {}
    for rule in CATALOGUE:
        found.setdefault(rule.id.partition("-")[0], []).append(rule)
    return found


POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
"""The Content-Security-Policy of every page: nothing from elsewhere, nothing inline."""

MAX_FIELDS = 12


class Site:
    """A Handler for `/`, `/domains/`, `/rules/` and `/static/`.

    `base` is put before every link: the path of the external URL without its final slash. `now` is the wall clock.
    """

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        results: Results,
        base: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._configuration = configuration
        self._results = results
        self._base = base
        self._now = now
        self._assets = Assets()
        self._templates = make_environment()
        self._templates.globals.update(base=base, assets=self._assets.names, version=__version__, path_of=_path_of)
        self._templates.globals.update(words=WORDS, success=SUCCESS, page_size=PAGE)

    async def __call__(self, request: Request) -> Response:
        """The page, or one that says why there is none."""
        query = _parameters(request.query)
        area, _, rest = request.path.lstrip("/").partition("/")
        match area:
            case "" if request.path == "/":
                return await self._all_domains(query)
            case "domains" if rest:
                return await self._domain(rest, query)
            case "domains":
                return self._sent_on(query)
            case "rules":
                return self._rules(rest)
            case "static" if found := self._assets.get(rest):
                return found
        return self._apology(404, "There is no such page", "")

    async def _all_domains(self, query: Mapping[str, str]) -> Response:
        configuration = self._configuration()
        entries = entries_of(configuration, self._results.latest, self._now())
        # Tens of thousands of domains take a while, in which scrapes are to be answered.
        shown = await asyncio.to_thread(overview, entries, _choice(query), configuration.module_of)
        asks = configuration.allowed is None or bool(configuration.allowed)
        return self._page(
            "overview.html",
            shown=shown,
            asks=asks,
            modules=tuple(configuration.modules),
            standings=Standing,
            sorts=Sort,
        )

    def _sent_on(self, query: Mapping[str, str]) -> Response:
        """From the form of a browser that cannot put a field into a path."""
        try:
            domain = parse_domain(query.get("target", ""))
        except BadName as error:
            return self._apology(400, "That is no mail domain", str(error))
        asked = {name: query[name] for name in ("module", "look") if query.get(name)}
        where = f"{self._base}/domains/{quote(domain)}{'?' if asked else ''}{urlencode(asked)}"
        return Response(b"", 303, headers={"location": where})

    async def _domain(self, name: str, query: Mapping[str, str]) -> Response:
        configuration = self._configuration()
        try:
            domain = parse_domain(name)
        except BadName as error:
            return self._apology(404, "That is no mail domain", str(error))
        if not configuration.allows(domain):
            why = f"{domain} is not configured here: name it under domains, or in targets.allow."
            return self._apology(403, "This exporter may not look at that domain", why)
        module = query.get("module") or configuration.module_of(domain)
        if module not in configuration.modules:
            return self._apology(404, "There is no such module", f"There are {', '.join(configuration.modules)}.")
        outcome = self._results.latest.get((domain, module))
        if query.get("look") == "true":
            try:
                settled = configuration.settled(domain, module)
            except (UnknownModule, Contradiction) as error:
                return self._apology(400, "That module is not meant for that domain", str(error))
            outcome = await self._results.obtain(domain, settled, settled.policy.timeout)
        return await self._told(configuration, domain, module, outcome)

    async def _told(self, configuration: Configuration, domain: str, module: str, outcome: Outcome | None) -> Response:
        own = module == configuration.module_of(domain)
        given: dict[str, Any] = {"domain": domain, "module": module, "own": own, "outcome": outcome}
        match outcome:
            case Result():
                others = same_cause(outcome, self._results.latest)
                # To judge again takes a while, in which scrapes are to be answered.
                model = await asyncio.to_thread(
                    domain_model, outcome, self._now(), _interval(configuration, domain, own)
                )
                return self._page(
                    "domain.html",
                    model=model,
                    others=others,
                    most_others=MOST_OTHERS,
                    cause_query=_cause_query(outcome),
                    **given,
                )
            case Failure():
                return self._page("failed.html", **given)
        return self._page("unseen.html", **given)

    def _rules(self, name: str) -> Response:
        if not name:
            return self._page("rules.html", areas=areas())
        if name not in RULES:
            return self._apology(404, "There is no such rule", f"{name} is not in the catalogue.")
        return self._page("rule.html", rule=RULES[name], text=rule_html(name))

    def _apology(self, status: int, title: str, why: str) -> Response:
        return self._page("apology.html", status, title=title, why=why)

    def _page(self, template: str, /, status: int = 200, **values: Any) -> Response:
        body = self._templates.get_template(template).render(now=self._now(), **values).encode()
        return Response(body, status, HTML, {"content-security-policy": POLICY})


def _parameters(query: bytes) -> dict[str, str]:
    """The first value of each parameter; none of a query that no link or form of ours has made."""
    try:
        found = parse_qs(query.decode("latin-1"), max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}


def _path_of(domain: str, module: str = "") -> str:
    """The path of a domain's page, without the base."""
    chosen = f"?{urlencode({'module': module})}" if module else ""
    return f"/domains/{quote(domain, safe='')}{chosen}"


def _interval(configuration: Configuration, domain: str, own: bool) -> float:
    """Seconds between two looks that nobody has to ask for, infinite where there are none."""
    scheduled = own and domain in configuration.domains
    return configuration.rhythm.interval if scheduled and configuration.rhythm else math.inf


def _cause_query(result: Result) -> str:
    """The query for all domains with the same cause."""
    return next((Choice(rule=cause.rule, place=cause.place).query for cause in result.causes), "")


def _choice(query: Mapping[str, str]) -> Choice:
    """The choice in a query; what is not one of ours is as if it were not there."""
    page = query.get("page", "")
    return Choice(
        standing=next((each for each in Standing if each.value == query.get("state")), None),
        text=query.get("q", "").strip()[:200],
        sort=next((each for each in Sort if each.value == query.get("sort")), Sort.GRAVITY),
        rule=query.get("rule", ""),
        place=query.get("place", ""),
        page=max(1, int(page)) if page.isascii() and page.isdecimal() and len(page) < 6 else 1,
    )
