"""What a sweep prints: the table of causes and the rows, whole."""

import csv
import io
import json
from dataclasses import replace

import pytest

from check_autodiscover.core.model.states import SeverityOverride, State
from check_autodiscover.ctl.sweep.results import Record, record_of
from check_autodiscover.ctl.sweep.summary import (
    MOST_CAUSES,
    MOST_DOMAINS,
    Form,
    Tally,
    render_head,
    render_row,
    render_table,
)
from tests.core.incidents import HOSTER, MAIL, A, healthy
from tests.core.judging import verdict
from tests.core.worlds import AUTODISCOVER, FOREIGN, PAGE, Site, World
from tests.core.worlds import SERVER as SERVER_AT
from tests.ctl.sweep.worlds import cause, record

SERVER = "192.0.2.7"


def told(*records: Record, whole: bool = False) -> str:
    tally = Tally()
    for each in records:
        tally.add(each)
    return render_table(tally, whole=whole)


def lapsed(domain: str) -> Record:
    """A domain whose own name is to blame."""
    words = {"place": domain, "message": f"{domain} does not exist", "remedy": f"Look at {domain}."}
    return record(domain, State.CRITICAL, cause("dns-domain-unresolvable", **words))


def misled(domain: str, state: State = State.WARNING) -> Record:
    """A domain that a server is to blame for, which it shares with others."""
    said = {"place": SERVER, "message": f"certificate of {SERVER} has expired", "remedy": "Renew it."}
    return record(domain, state, cause("certificate-expired", severity=state, **said))


def test_the_table_counts_states_and_names_each_cause_once_with_its_domains_the_gravest_first() -> None:
    records = (
        record("fine.example"),
        misled("a.example"),
        lapsed("b.example"),
        misled("c.example"),
        lapsed("d.example"),
    )
    assert told(*records) == (
        "5 domains: 1 OK, 2 WARNING, 2 CRITICAL\n"
        "\n"
        "CRITICAL dns-domain-unresolvable: 2 domains\n"
        "    b.example, d.example\n"
        "    For example b.example: b.example does not exist\n"
        "    Fix: Look at b.example.\n"
        "\n"
        "WARNING certificate-expired at 192.0.2.7: 2 domains\n"
        "    a.example, c.example\n"
        "    For example a.example: certificate of 192.0.2.7 has expired\n"
        "    Fix: Renew it."
    )


def test_a_cause_of_one_domain_stands_with_it() -> None:
    assert told(misled("a.example")) == (
        "1 domain: 1 WARNING\n"
        "\n"
        "WARNING certificate-expired at 192.0.2.7: a.example\n"
        "    certificate of 192.0.2.7 has expired\n"
        "    Fix: Renew it."
    )


def test_of_two_states_of_one_cause_the_graver_counts_and_of_two_causes_the_one_of_more_domains_comes_first() -> None:
    table = told(misled("a.example"), misled("b.example", State.CRITICAL), lapsed("c.example"))
    heads = [line for line in table.splitlines() if line.startswith("CRITICAL")]
    assert heads == [
        "CRITICAL certificate-expired at 192.0.2.7: 2 domains",
        "CRITICAL dns-domain-unresolvable: c.example",
    ]


def test_what_policy_accepted_is_no_cause() -> None:
    accepted = cause(severity=State.OK, accepted="known")
    assert told(record("a.example", State.OK, accepted)) == "1 domain: 1 OK"


def test_nothing_was_looked_at() -> None:
    assert told() == "no domain was looked at"


def test_a_long_table_is_cut_and_says_so_unless_all_is_wanted() -> None:
    domains = [f"d{number}.example" for number in range(MOST_DOMAINS + 3)]
    many = [record("x.example", State.CRITICAL, cause(place=f"192.0.2.{number}")) for number in range(MOST_CAUSES + 2)]
    short = told(*map(lapsed, domains), *many)
    assert " and 3 more\n" in short
    assert domains[-1] not in short
    assert short.endswith("\n\n3 more causes; -v shows all")
    whole = told(*map(lapsed, domains), *many, whole=True)
    assert " more" not in whole
    assert domains[-1] in whole


def test_a_row_of_csv_is_the_verdict_with_its_causes_and_the_remedy_of_the_first() -> None:
    found = record("a.example", State.CRITICAL, cause(), cause("certificate-expired", remedy="Renew it."))
    rows = list(csv.reader(io.StringIO(render_head(Form.CSV) + render_row(Form.CSV, found))))
    assert dict(zip(*rows, strict=True)) == {
        "domain": "a.example",
        "state": "CRITICAL",
        "exit_code": "2",
        "causes": "dns-srv-missing certificate-expired",
        "summary": "a.example is CRITICAL",
        "remedy": "Mend it.",
        "methods": "outside=srv",
        "started": "2026-11-01T12:00:00+00:00",
        "duration_seconds": "0.25",
    }


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@"])
def test_no_cell_is_a_formula_to_a_spreadsheet(beginning: str) -> None:
    row = render_row(Form.CSV, record("a.example", State.CRITICAL, cause(remedy=f'{beginning}HYPERLINK("x")')))
    assert f"'{beginning}HYPERLINK" in row


def test_a_row_of_json_is_what_is_kept_and_the_table_has_no_rows() -> None:
    assert json.loads(render_row(Form.JSON_LINES, record("a.example")))["domain"] == "a.example"
    assert render_row(Form.TABLE, record("a.example")) == render_head(Form.TABLE) == ""


def test_hostile_places_are_shown_clean() -> None:
    assert "\\x1b" in told(record("a.example", State.CRITICAL, cause(place="\x1b[2Jelsewhere.example")))


def wrong_address() -> World:
    """Moved in both views, to addresses that differ as the right ones do."""
    world = healthy("host")
    inside = world.zones["inside"].with_(MAIL, A, "10.0.0.10").with_(AUTODISCOVER, A, FOREIGN)
    outside = world.zones["outside"].with_(AUTODISCOVER, A, FOREIGN)
    moved = replace(world, zones={"inside": inside, "outside": outside})
    return moved.site("10.0.0.10", world.sites[SERVER_AT]).site(FOREIGN, Site(HOSTER, PAGE))


def test_what_is_to_be_done_says_of_each_view_what_is_right_there() -> None:
    kept = record_of(verdict(wrong_address()))
    assert "to 10.0.0.10 inside and 203.0.113.10 outside" in kept.causes[0].remedy
    assert told(kept).splitlines()[3].startswith("    inside and outside: autodiscover.contoso.com is 198.51.100.80")


def test_what_one_view_accepts_is_not_told_of_the_other() -> None:
    override = SeverityOverride(rule="dns-address-unexpected", state=State.OK, view="inside", reason="CHG-1")
    kept = record_of(verdict(wrong_address().with_policy(severities=(override,))))
    told_of = {(cause.views, cause.accepted) for cause in kept.causes if cause.rule == "dns-address-unexpected"}
    assert told_of == {(("inside",), "CHG-1"), (("outside",), None)}
