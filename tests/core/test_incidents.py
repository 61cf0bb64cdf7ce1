"""Every cell of the incident table: exit code and root, for each method."""

import pytest

from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import State
from check_autodiscover.core.verdict.judge import judge
from tests.core import incidents
from tests.core.worlds import World, survey_of

METHODS = ("srv", "host", "exchange-online", "redirect", "none", "auto")

RULES = {
    "UH": "dns-unwanted-host-record",
    "HM": "dns-host-record-missing",
    "AL": "dns-alias-unexpected",
    "AD": "dns-address-unexpected",
    "WC": "dns-wildcard-captures-autodiscover",
    "WP": "dns-wildcard-present",
    "WS": "dns-wildcard-captures-srv",
    "SA": "dns-srv-target-alias",
    "SN": "dns-srv-targets-several",
    "AI": "dns-authority-inconsistent",
    "DB": "dns-dnssec-bogus",
    "NR": "dns-nxdomain-rewritten",
    "SM": "dns-srv-missing",
    "SU": "dns-srv-unexpected",
    "SP": "dns-srv-port",
    "ST": "dns-srv-target-missing",
    "LF": "dns-lookup-failed",
    "DU": "dns-domain-unresolvable",
    "NM": "certificate-name-mismatch",
    "CX": "certificate-expired",
    "CE": "certificate-expiring",
    "CU": "certificate-untrusted",
    "SV": "service-unreachable",
    "SAU": "service-address-unreachable",
    "SB": "service-broken",
    "CC": "service-client-certificate-demanded",
    "CS": "service-client-certificate-suspected",
    "RI": "service-redirect-invalid",
    "RL": "service-redirect-loop",
    "NA": "service-not-autodiscover",
    "FL": "service-foreign-login",
    "FS": "service-foreign-settings",
    "SC": "service-slow-candidate",
    "MU": "check-method-undetermined",
    "SCP": "directory-scp-name-mismatch",
    "TO": "check-timed-out",
    "NS": "drift-delegation",
    "names-lost": "drift-certificate-names-lost",
}

TABLE = {
    "row_1": "2 UH | 2 NM | 2 AL | 2 NM | 2 UH | 2 UH",
    "row_2": "2 UH+SM | 2 NM | 2 AL | 2 NM | 2 UH | 2 UH+SM",
    "row_3": "1 UH | 2 SV | 2 AL | 2 SV | 1 UH | 1 UH",
    "row_4": "1 UH | 0 | 2 AL | 1 UH | 2 UH | 0",
    "row_5": "2 WC | 2 WC | 2 WC | 2 WC | 1 WC | 2 WC",
    "row_6": "1 WC | 2 WC | 2 WC | 2 WC | 0 | 1 WC",
    "row_7": "2 WC | 2 WC | 2 WC | 2 WC | 1 WC | 2 WC",
    "row_8": "1 WC | 1 WC | 2 WC | 1 WC | 2 WC | 1 WC",
    "row_9": "1 WP | 0 | 0 | 0 | 0 | 1 WP",
    "row_10": "1 UH+SM | 0 | 2 AL | 1 UH | 2 UH | 0",
    "row_11": "1 WS | 0 | 0 | 0 | 0 | 1 WS",
    "row_12": "2 UH | 2 AD | 2 AL | 2 AD | 2 UH | 2 AD",
    "row_13": "2 UH | 2 AD | 2 AL | 2 AD | 2 UH | 2 AD",
    "row_14": "2 NM | 2 NM | - | 2 NM | - | 2 NM",
    "row_15": "1 SAU | 1 SAU | 0 | 1 SAU | 0 | 1 SAU",
    "row_16": "2 SM | 0 | 0 | 0 | 0 | 2 SM",
    "row_17": "2 SU | 0 | 0 | 0 | 2 NM | 2 SU",
    "row_18": "2 SP | 0 | 0 | 0 | 0 | 2 SP",
    "row_19": "2 ST | 0 | 0 | 0 | 0 | 2 ST",
    "row_19_dot": "2 SM | 0 | 0 | 0 | 0 | 3 MU",
    "row_20": "1 SA | 0 | 0 | 0 | 0 | 1 SA",
    "row_21": "1 SN | 0 | 0 | 0 | - | 1 SN",
    "row_21_one_broken": "2 SV | 0 | 0 | 0 | - | 2 SV",
    "row_22": "2 NM@root | 2 NM@root | 1 NM@root | 2 NM@root | 0 | 2 NM@root",
    "row_23": "1 SC@root | 1 SC@root | 0 | 1 SC@root | 0 | 1 SC@root",
    "row_24": "2 FS@root | 2 FS@root | 1 FS@root | 2 FS@root | 0 | 2 FS@root",
    "row_25": "2 CX | 2 CX | 0 | 2 CX | 0 | 2 CX",
    "row_27": "0 | 2 NM | - | 0 | - | 2 NM",
    "row_28": "0 | 0 | 0 | 0 | 0 | 0",
    "row_29": "2 CU | 2 CU | 0 | 2 CU | 0 | 2 CU",
    "row_30": "2 CC | 2 CC | - | 2 CC | 0 | 2 CC",
    "row_30_path_only": "2 CS | 2 CS | - | 2 CS | 0 | 2 CS",
    "row_31": "2 SB | 2 SB | - | 2 SB | 0 | 2 SB",
    "row_32": "2 NA | 2 NA | - | 2 NA | 0 | 2 NA",
    "row_33": "2 SV | 2 SV | - | 2 SV | 0 | 2 SV",
    "row_34": "- | - | 2 HM | - | - | 3 MU",
    "row_35": "- | - | 2 AL | - | 2 UH | 2 NM",
    "row_36": "2 UH | 2 AL | 0 | 2 AL | 2 UH | 0",
    "row_37": "- | - | 0 | - | - | 0",
    "row_38": "2 UH | 2 NM | 2 AL | 2 NM | 2 UH | 2 NM",
    "row_39": "1 UH | 2 SV | 2 AL | 2 RI | 1 UH | 3 MU",
    "row_39_loops": "1 UH | 2 SV | 2 AL | 2 RL | 1 UH | 3 MU",
    "row_40": "0 | 0 | 0 | 0 | 0 | 0",
    "row_41": "1 AI | 1 AI | 1 AI | 1 AI | 0 | 1 AI",
    "row_41_serial": "0 | 0 | 0 | 0 | 0 | 0",
    "row_42": "3 LF | 3 LF | 3 LF | 3 LF | 3 LF | 3 LF",
    "row_42_other_critical": "2 | 2 | 2 | 2 | 2 | 2",
    "row_43": "2 DU | 2 DU | 2 DU | 2 DU | 1 DU | 2 DU",
    "row_43_bogus": "2 DB | 2 DB | 2 DB | 2 DB | 1 DB | 2 DB",
    "row_43_lapsed": "2 DU | 2 DU | 2 DU | 2 DU | 1 DU | 2 DU",
    "row_44": "2 WC | 2 WC | 2 WC | 2 WC | 1 WC | 2 WC",
    "row_45": "3 NR | 3 NR | 3 NR | 3 NR | 3 NR | 3 NR",
    "row_46": "2 SV | 2 SV | 0 | 2 SV | 0 | 2 SV",
    "row_46_not_connected": "0 | 0 | 0 | 0 | 0 | 0",
    "row_47": "2 SCP | 2 SCP | 2 SCP | 2 SCP | 2 SCP | 2 SCP",
    "row_48_before": "2 TO | 2 TO | 2 TO | 2 TO | 2 TO | 2 TO",
    "row_48_after": "1 SC@root | 1 SC@root | 0 | 1 SC@root | 0 | 1 SC@root",
}

SINGLE_CELLS = (
    (incidents.row_2_multi_name(), "2 NM"),
    (incidents.declared(incidents.row_8("host")), "0"),
    (incidents.declared(incidents.row_8("auto")), "0"),
    (incidents.row_12_no_reference(), "2 NM"),
    (incidents.row_13_no_reference(), "2 FL"),
    (incidents.row_14_expected(), "2 AD"),
    (incidents.row_16_everywhere(), "3 MU"),
    (incidents.row_17_no_server(), "2 NM"),
    (incidents.row_26("srv", 20), "1 CE"),
    (incidents.row_26("host", 20), "1 CE"),
    (incidents.row_26("redirect", 20), "1 CE"),
    (incidents.row_26("auto", 20), "1 CE"),
    (incidents.row_26("srv", 5), "2 CE"),
    (incidents.row_26("host", 5), "2 CE"),
    (incidents.row_26("redirect", 5), "2 CE"),
    (incidents.row_26("auto", 5), "2 CE"),
    (incidents.row_26("none", 5), "0"),
    (incidents.row_26("exchange-online", 5), "0"),
    (incidents.row_31("srv", 500), "2 SB"),
    (incidents.row_31("host", 403), "2 SB"),
    (incidents.row_32_no_server(), "3 MU"),
    (incidents.row_33_no_server(), "3 MU"),
)


def cells() -> list[tuple[str, str, str]]:
    """(row, method, expected) for every cell that can occur."""
    return [
        (row, method, cell.strip())
        for row, text in TABLE.items()
        for method, cell in zip(METHODS, text.split("|"), strict=True)
        if cell.strip() != "-"
    ]


def told(report: Report) -> tuple[int, set[str]]:
    """The exit code, and the gravest severity's roots with the endpoint where it is the root domain."""
    roots = {
        item.finding.rule + ("@root" if item.finding.endpoint.value == "root" else "")
        for item in report.roots
        if item.severity is report.state and item.severity is not State.OK
    }
    return report.state.exit_code, roots


def wanted(cell: str) -> tuple[int, set[str]]:
    """A cell in the form of `told`."""
    code, _, short = cell.partition(" ")
    names = (name.partition("@") for name in short.split("+") if name)
    return int(code), {RULES[name] + at + place for name, at, place in names}


@pytest.mark.parametrize(("row", "method", "cell"), cells())
def test_each_cell_gives_its_exit_code_and_root(row: str, method: str, cell: str) -> None:
    world = getattr(incidents, row)(method)
    report = judge(survey_of(world))
    code, roots = told(report)
    expected_code, expected_roots = wanted(cell)
    assert code == expected_code, report.summary
    assert not expected_roots or roots == expected_roots, report.summary


@pytest.mark.parametrize(("world", "cell"), SINGLE_CELLS)
def test_each_variant_of_a_cell(world: World, cell: str) -> None:
    report = judge(survey_of(world))
    code, roots = told(report)
    expected_code, expected_roots = wanted(cell)
    assert (code, roots) == (expected_code, expected_roots), report.summary


@pytest.mark.parametrize("method", METHODS[:5])
def test_a_healthy_world_is_ok_and_says_so(method: str) -> None:
    report = judge(survey_of(incidents.healthy(method)))
    assert report.state is State.OK, report.summary
    assert [item.finding.rule for item in report.judgements if item.severity is not State.OK] == []
