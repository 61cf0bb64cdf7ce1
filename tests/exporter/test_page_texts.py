"""Whole pages as they read, kept as files: `pytest tests/exporter --update-pages` writes them anew, for the diff."""

import asyncio
import re
from html import unescape
from pathlib import Path

import pytest

from autodiscover_exporter.pages.site import Site
from autodiscover_exporter.results.results import Results
from autodiscover_exporter.telemetry import OwnMetrics
from autodiscover_exporter.web.messages import Request
from check_autodiscover.config.file import Configuration, Domain, Module
from check_autodiscover.core.model.report import Report
from tests.core.incidents import healthy, row_1, row_5, row_40
from tests.core.worlds import NOW
from tests.exporter.page_fleet import report_of

GOLDEN = Path(__file__).parent / "golden"
BLOCKS = r"p|h\d|li|tr|caption|dt|dd|pre|section|article|summary|br|option|form"
WORLDS = {
    "captured.example": row_5("srv"),
    "parked.example": row_5("srv"),
    "trapped.example": row_1("srv"),
    "two-faced.example": row_40("host"),
    "well.example": healthy("srv"),
}
CONFIGURATION = Configuration(domains=dict.fromkeys((*WORLDS, "new.example"), Domain()))


async def _probe(domain: str, module: Module, timeout: float) -> Report:
    return report_of(domain, WORLDS[domain])


async def _page(path: str) -> str:
    results = Results(_probe, OwnMetrics("1.2.3"))
    results.follow(CONFIGURATION)
    for domain in WORLDS:
        await results.obtain(domain, CONFIGURATION.settled(domain), 10.0)
    site = Site(lambda: CONFIGURATION, results, now=lambda: NOW + 90)
    return (await site(Request(path))).body.decode()


def _read(page: str) -> str:
    """What a reader meets between the tags of the page's middle, a line for each block."""
    middle = page[page.index("<main") : page.index("</main>")]
    blocks = re.sub(
        r"</?(?:p|h\d|li|tr|caption|dt|dd|pre|section|article|summary|br|option|form)\b[^>]*>", "\n", middle
    )
    lines = (" ".join(re.sub("<[^>]*>", " ", line).split()) for line in blocks.splitlines())
    return unescape("\n".join(line for line in lines if line)) + "\n"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("page-all", "/"),
        ("page-captured", "/domains/captured.example"),
        ("page-two-faced", "/domains/two-faced.example"),
        ("page-well", "/domains/well.example"),
        ("page-new", "/domains/new.example"),
    ],
)
def test_a_page_reads_as_it_did(name: str, path: str, pytestconfig: pytest.Config) -> None:
    found = _read(asyncio.run(_page(path)))
    file = GOLDEN / f"{name}.txt"
    if pytestconfig.getoption("--update-pages", default=False):
        file.write_text(found, encoding="utf-8")
    assert found == file.read_text(encoding="utf-8")
