"""The pages for people, without a browser: what they show, of whom, and that nothing shown can do harm."""

import asyncio
import re
import shlex
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autodiscover_exporter.pages.domain import domain_model, first_screen, same_cause
from autodiscover_exporter.pages.evidence import commands
from autodiscover_exporter.pages.overview import PAGE, Choice, Entry, Sort, Standing, entries_of, overview
from autodiscover_exporter.pages.site import POLICY, Site, rule_html
from autodiscover_exporter.pages.templating import make_environment, moment, span
from autodiscover_exporter.results.result import Result, Turn, kept
from autodiscover_exporter.results.results import Results
from autodiscover_exporter.telemetry import OwnMetrics
from autodiscover_exporter.web.messages import Request, Response
from check_autodiscover.config.levels import Configuration, Domain, Module, Rhythm
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import State
from check_autodiscover.core.rules.catalogue import CATALOGUE
from check_autodiscover.core.rules.rule import Rule
from check_autodiscover.core.verdict.judge import assemble
from tests.core.incidents import HOSTER, MAIL, A, healthy, row_1, row_5, row_21_one_broken, row_40, row_42, row_43
from tests.core.worlds import AUTODISCOVER, FOREIGN, SERVER
from tests.core.worlds import PAGE as WEBSITE
from tests.core.worlds import Site as WebSite
from tests.exporter.page_fleet import HOSTILE, FleetProbe, report_of

NOW = 2_000_000_000.0
DOMAINS = ("customer-0001.example", "customer-0003.example", "customer-0014.example", "new.example", HOSTILE)
CONFIGURED = Configuration(domains=dict.fromkeys(DOMAINS, Domain()), allowed=("*.contoso.com",))


class Counted:
    """A probe of the fleet that remembers whom it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, domain: str, module: Module, timeout: float) -> Report:
        self.asked.append(domain)
        return await FleetProbe()(domain, module, timeout)


class Visit:
    """A site over results of the fleet's first domains, and one visit to it."""

    def __init__(self, *known: str, configuration: Configuration = CONFIGURED, base: str = "") -> None:
        self.probe = Counted()
        self._known = known
        self._configuration = configuration
        self._base = base

    def __call__(self, path: str, query: str = "") -> Response:
        return asyncio.run(self._visit(path, query))

    def text(self, path: str, query: str = "") -> str:
        return self(path, query).body.decode()

    async def _visit(self, path: str, query: str) -> Response:
        results = Results(self.probe, OwnMetrics("1.2.3"))
        results.follow(self._configuration)
        for domain in self._known:
            await results.obtain(domain, self._configuration.settled(domain), 10.0)
        self.probe.asked.clear()
        site = Site(lambda: self._configuration, results, self._base)
        return await site(Request(path, query=query.encode()))


def _headings(page: str) -> list[str]:
    return [unescape(re.sub("<[^>]*>", "", found)) for found in re.findall("<h2[^>]*>(.*?)</h2>", page)]


FIRST_SCREEN = [
    "Cause",
    "Who is hit",
    "Fix",
    "When it clears",
    "What changed",
    "inside and outside",
    "Certificate: served, and expected",
    "Other domains with this cause",
    "Proof to paste",
    "Not looked at",
]


def test_the_first_screen_has_the_order_of_the_contract() -> None:
    page = Visit("customer-0003.example").text("/domains/customer-0003.example")
    headings = _headings(page)
    assert headings[: len(FIRST_SCREEN)] == FIRST_SCREEN
    assert page.index("CRITICAL</span> since") < page.index('id="cause"')
    assert headings[len(FIRST_SCREEN) :][0].startswith("The ladder")


def test_the_first_screen_names_cause_victims_fix_and_ttl() -> None:
    result = _result(row_1("srv"))
    first = domain_model(result).first
    assert first.rule == "dns-unwanted-host-record"
    assert first.fix == "Delete the record autodiscover.one.example."
    assert {(hit.view, hit.clients, hit.what) for hit in first.hit} == {
        (view, "outlook-2016, outlook-2013, outlook-2010", "certificate warning at the autodiscover step")
        for view in ("inside", "outside")
    }
    assert first.clears[0].startswith("inside: up to 5 min after the zone is mended")


def test_a_domain_that_is_well_has_a_verdict_and_no_victims() -> None:
    page = Visit("customer-0001.example").text("/domains/customer-0001.example")
    assert _headings(page)[0] == "Verdict"
    assert "Who is hit" not in page


def test_hostile_text_is_harmless_on_every_page() -> None:
    visit = Visit(HOSTILE)
    for path in ("/", f"/domains/{HOSTILE}"):
        page = visit.text(path)
        assert re.findall("<script[^>]*>", page) == re.findall('<script src="/static/pages[^>]*>', page)
        assert "<img" not in page
        assert "\u202e" not in page
        assert "\u2066" not in page
        assert "x" * 1001 not in page


@given(st.text())
@settings(max_examples=50, deadline=None)
def test_no_text_can_leave_its_place_in_a_template(text: str) -> None:
    page = make_environment().from_string('<p title="{{ text }}">{{ text }}</p>').render(text=text)
    assert re.fullmatch(r'<p title="[^"<>]*">[^<>]*</p>', page)
    assert page.isascii()


def test_a_configured_domain_that_nobody_has_looked_at_is_offered_and_not_probed() -> None:
    visit = Visit()
    page = visit.text("/domains/new.example")
    assert "Nobody has looked at this domain yet" in page
    assert visit.probe.asked == []
    assert "pending" in visit.text("/")


def test_a_look_is_taken_when_asked_for() -> None:
    visit = Visit()
    page = visit.text("/domains/customer-0003.example", "look=true")
    assert visit.probe.asked == ["customer-0003.example"]
    assert "dns-unwanted-host-record" in page


def test_the_last_result_is_shown_without_another_look() -> None:
    visit = Visit("customer-0003.example")
    assert visit("/domains/customer-0003.example").status == 200
    assert visit.probe.asked == []


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/domains/stranger.example", 403, "may not look at that domain"),
        ("/domains/a..b", 404, "no mail domain"),
        ("/domains/localhost", 404, "no mail domain"),
        ("/rules/no-such-rule", 404, "no such rule"),
        ("/rules/..", 404, "no such rule"),
        ("/static/pages.css", 404, "no such page"),
        ("/domains", 400, "no mail domain"),
    ],
)
def test_what_is_not_there_is_told_with_a_way_back(path: str, status: int, says: str) -> None:
    answer = Visit()(path)
    assert answer.status == status
    assert says in answer.body.decode()
    assert '<a href="/">' in answer.body.decode()


def test_a_refused_domain_is_not_probed() -> None:
    visit = Visit()
    assert visit("/domains/stranger.example", "look=true").status == 403
    assert visit.probe.asked == []


def test_the_form_leads_to_the_domain_in_a_labels() -> None:
    answer = Visit()("/domains", "target=M%C3%BCller.contoso.com&look=true")
    assert (answer.status, answer.headers["location"]) == (303, "/domains/xn--mller-kva.contoso.com?look=true")


def test_nothing_from_elsewhere_is_allowed_and_assets_are_kept() -> None:
    visit = Visit()
    page = visit("/")
    assert page.headers["content-security-policy"] == POLICY
    assert "default-src 'none'" in POLICY
    assert "unsafe" not in POLICY
    for name in re.findall(r'"(/static/[^"]+)"', page.body.decode()):
        asset = visit(name)
        assert asset.status == 200
        assert "immutable" in asset.headers["cache-control"]
    assert not re.search(r'(?:src|href|action)="(?!/|#)', page.body.decode())
    assert " style=" not in page.body.decode()


@pytest.mark.parametrize(
    "path", ["/", "/domains/customer-0003.example", "/rules/", "/rules/dns-srv-missing", "/rules/x"]
)
def test_every_link_begins_with_the_base(path: str) -> None:
    page = Visit("customer-0003.example", "customer-0014.example", base="/monitoring").text(path)
    links = re.findall(r'(?:src|href|action)="([^"]*)"', page)
    assert links
    assert [link for link in links if not link.startswith(("/monitoring/", "#"))] == []


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.id)
def test_every_rule_has_a_page(rule: Rule) -> None:
    assert "<h2>" in rule_html(rule.id)


def _result(world: Any, domain: str = "one.example") -> Result:
    return kept(report_of(domain, world), "default", None)


def test_the_answers_of_views_that_differ_are_marked() -> None:
    same, other = (domain_model(_result(world)).answers for world in (healthy("host"), row_40("host")))
    assert not any(line.differs for line in same)
    assert {line.title for line in other if line.differs} == {"autodiscover.one.example A", "mail.one.example A"}


def test_certificates_stand_once_on_a_common_time_line() -> None:
    cards = domain_model(_result(row_1("srv"))).cards
    assert len({card.certificate.fingerprint for card in cards}) == len(cards) == 2
    for card in cards:
        assert 0 <= card.bar.start < card.bar.now < card.bar.start + card.bar.length <= 1000


def test_domains_with_the_same_cause_are_found_by_rule_and_place() -> None:
    parked = [_result(row_5("srv"), domain) for domain in ("a.example", "b.example", "c.example")]
    other = _result(row_1("srv"), "d.example")
    latest = {(each.domain, "default"): each for each in (*parked, other)}
    assert same_cause(parked[0], latest) == ("b.example", "c.example")
    assert same_cause(other, latest) == ()


def test_a_change_is_told_from_old_to_new() -> None:
    before = _result(healthy("srv"))
    after = kept(report_of("one.example", row_1("srv")), "default", before)
    changed = domain_model(after).first.changed
    assert changed[0].old.startswith("OK: ")
    record = next(item for item in changed if item.what.startswith("autodiscover.one.example"))
    assert (record.old, record.new) == ("nothing", "203.0.113.10")


@given(st.text(min_size=1, max_size=30).map(lambda text: f"{text}.example"))
@example("'&.example")
@settings(max_examples=30, deadline=None)
def test_commands_keep_hostile_names_in_one_word(name: str) -> None:
    report = report_of("one.example", row_1("srv"))
    view = assemble(report.survey, report.survey.ended).views[0]
    finding = replace(report.roots[0].finding, subject=name)
    for command in commands(view, finding):
        first = command.partition(" </dev/null | ")[0]
        assert shlex.split(first)[0] in ("dig", "openssl", "curl")
        unquoted = re.sub(r"""'[^']*'|"[^"$`\\]*\"""", "", first)
        assert not re.search(r"[;&`$|<>\n'\"\\]", unquoted)


def test_a_view_that_is_blind_names_nobody_and_no_ttl() -> None:
    first = domain_model(_result(row_42("host"))).first
    assert first.rule == "dns-lookup-failed"
    assert first.hit == ()
    assert first.nobody.startswith("Not known")
    assert first.clears == ("With the next look, once there is something to be seen.",)


def test_a_catch_all_is_proven_by_a_name_that_nobody_publishes() -> None:
    (inside, _) = domain_model(_result(row_5("srv"))).first.proof
    assert inside.view == "inside"
    assert "dig @10.0.0.2 no-such-name-4711.one.example A" in inside.commands


def test_what_a_service_answers_is_proven_by_a_request_without_a_login() -> None:
    (proof, *_) = domain_model(_result(row_21_one_broken("srv"))).first.proof
    url = "https://remote2.one.example:443/autodiscover/autodiscover.xml"
    assert proof.commands[-1].startswith("curl -sSki --resolve ")
    assert proof.commands[-1].endswith(url)


def test_a_result_of_three_missed_intervals_is_unknown_on_both_pages() -> None:
    result = _result(row_1("srv"))
    configuration = Configuration(domains={"one.example": Domain()}, rhythm=Rhythm(300.0))
    for age, standing, rule in (
        (900, Standing.CRITICAL, "dns-unwanted-host-record"),
        (901, Standing.UNKNOWN, "check-report-stale"),
    ):
        now = result.ended + age
        (entry,) = entries_of(configuration, {("one.example", "default"): result}, now)
        assert (entry.standing, rule in entry.words) == (standing, True)
        model = domain_model(result, now, 300.0)
        assert (model.report.state.value.lower(), model.first.rule) == (standing.value, rule)


def test_a_query_of_too_many_parameters_is_as_if_there_were_none() -> None:
    assert Visit()("/", "&".join(f"p{number}=1" for number in range(99))).status == 200


ENTRIES = (
    Entry("ok.example", "default", _result(healthy("srv"), "ok.example")),
    Entry("new.example", "default", None),
    Entry("bad-1.example", "default", _result(row_5("srv"), "bad-1.example")),
    Entry("bad-2.example", "other", _result(row_5("srv"), "bad-2.example")),
)


def _listed(choice: Choice) -> list[str]:
    return [row.entry.domain for row in overview(ENTRIES, choice, lambda _: "default").rows]


@pytest.mark.parametrize(
    ("choice", "domains"),
    [
        (Choice(), ["bad-1.example", "bad-2.example", "new.example", "ok.example"]),
        (Choice(sort=Sort.DOMAIN), ["bad-1.example", "bad-2.example", "new.example", "ok.example"]),
        (Choice(standing=Standing.OK), ["ok.example"]),
        (Choice(standing=Standing.PENDING), ["new.example"]),
        (Choice(text="BAD-2"), ["bad-2.example"]),
        (Choice(text="catch-all"), ["bad-1.example", "bad-2.example"]),
        (
            Choice(rule="dns-wildcard-captures-autodiscover", place="198.51.100.80"),
            ["bad-1.example", "bad-2.example"],
        ),
        (Choice(rule="dns-wildcard-captures-autodiscover", place="elsewhere"), []),
        (Choice(page=7), ["bad-1.example", "bad-2.example", "new.example", "ok.example"]),
    ],
)
def test_the_list_shows_what_is_chosen_gravest_first(choice: Choice, domains: list[str]) -> None:
    assert _listed(choice) == domains


def test_the_list_counts_states_and_groups_causes() -> None:
    shown = overview(ENTRIES, Choice(), lambda _: "default")
    assert shown.counts == {
        Standing.CRITICAL: 2,
        Standing.UNKNOWN: 0,
        Standing.WARNING: 0,
        Standing.PENDING: 1,
        Standing.OK: 1,
    }
    (group,) = shown.groups
    assert (group.cause.rule, group.count) == ("dns-wildcard-captures-autodiscover", 2)
    assert [(row.same, row.shows_module) for row in shown.rows[:2]] == [(1, False), (1, True)]


@given(st.integers(0, 450), st.integers(1, 9))
@settings(max_examples=30, deadline=None)
def test_pages_hold_every_domain_once(count: int, page: int) -> None:
    entries = [Entry(f"d{number}.example", "default", None) for number in range(count)]
    shown = overview(entries, Choice(page=page), lambda _: "default")
    rows = [
        row.entry.domain
        for number in range(1, shown.pages + 1)
        for row in overview(entries, Choice(page=number), lambda _: "default").rows
    ]
    assert sorted(rows) == sorted(entry.domain for entry in entries)
    assert len(shown.rows) <= PAGE


def test_a_state_that_is_not_ours_to_judge_comes_from_the_result() -> None:
    assert {Entry("d.example", "default", _result(row_5("srv"))).standing} == {Standing(State.CRITICAL.value.lower())}


@pytest.mark.parametrize(
    ("seconds", "words"), [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (3725, "1 h 2 min"), (90_061, "1 d 1 h")]
)
def test_spans_have_two_units(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_a_moment_outside_the_calendar_is_named_as_such() -> None:
    assert moment(0) == "1970-01-01 00:00 UTC"
    assert moment(1e18) == "a time outside the calendar"


def test_the_fix_names_what_is_right_in_each_view() -> None:
    """Whoever follows it must not publish the inside address outside."""
    world = healthy("host")
    inside = world.zones["inside"].with_(MAIL, A, "10.0.0.10").with_(AUTODISCOVER, A, FOREIGN)
    moved = replace(world, zones={"inside": inside, "outside": world.zones["outside"].with_(AUTODISCOVER, A, FOREIGN)})
    report = report_of(
        "contoso.com", moved.site("10.0.0.10", world.sites[SERVER]).site(FOREIGN, WebSite(HOSTER, WEBSITE))
    )
    screen = first_screen(report, assemble(report.survey, report.survey.ended), None)
    assert "to 10.0.0.10 inside and 203.0.113.10 outside" in screen.fix
    assert screen.views == "inside and outside"


def test_who_is_hit_is_not_known_where_no_client_could_be_followed() -> None:
    report = report_of("contoso.com", row_43("srv"))
    assert report.state is State.CRITICAL
    screen = first_screen(report, assemble(report.survey, report.survey.ended), None)
    assert (screen.hit, screen.nobody) == ((), "Not known: what clients meet could not be seen.")


def test_what_changed_has_the_verdict_of_before_and_that_of_now() -> None:
    report = report_of("contoso.com", row_5("srv"))
    picture = assemble(report.survey, report.survey.ended)
    (verdict, *_) = first_screen(report, picture, Turn(NOW, State.OK, "all was well", ())).changed
    assert (verdict.old, verdict.new) == ("OK: all was well", f"CRITICAL: {report.summary}")
