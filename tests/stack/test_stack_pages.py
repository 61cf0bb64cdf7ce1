"""The pages in a real browser: accessible, quiet, and content with this host, wide and narrow, light and dark."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.exporter.page_fleet import HOSTILE
from tests.lacking import refuse
from tests.stack.browser import CHROMIUM, open_browser, open_page, serve_fleet
from tests.stack.namespace import open_namespace

COUNT = 24
ALL, BAD, WELL, NEW = "/", "/domains/customer-0003.example", "/domains/customer-0001.example", "/domains/new.example"
PATHS = (ALL, BAD, WELL, f"/domains/{HOSTILE}", f"/domains/customer-{COUNT - 1:04d}.example", "/rules/", NEW)


@pytest.fixture(scope="module")
def browser(names: Iterator[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser beside an exporter with a fleet, in a namespace where nobody else is."""
    if shutil.which(CHROMIUM) is None:
        refuse("chromium is not installed")
    folder: Path = tmp_path_factory.mktemp("pages")
    with open_namespace(next(names)) as namespace:
        fleet = serve_fleet(namespace, folder, COUNT)
        try:
            with open_browser(namespace, folder) as opened:
                yield opened
        finally:
            fleet.kill()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_is_accessible_quiet_and_fits(browser: Browser, dark: bool, width: int) -> None:
    with open_page(browser, dark=dark, width=width) as visits:
        for path in PATHS:
            visits.go(path)
            found = Axe().run(visits.page).response["violations"]
            assert [(path, each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert visits.page.evaluate(wide) == 0, path
        assert visits.strays == []
        # The browser itself tells of pages that are 403.
        assert [text for text in visits.complaints if "403" not in text] == []


def test_a_hostile_certificate_is_text_and_nothing_else(browser: Browser) -> None:
    with open_page(browser) as visits:
        visits.go(f"/domains/{HOSTILE}")
        shown = visits.page.inner_text("main")
        assert visits.complaints == []
        assert visits.page.locator("main script, main img").count() == 0
    assert "\\x3cscript\\x3ealert(1)" in shown
    assert "\u202e" not in shown


def test_the_keyboard_leads_to_the_content_and_to_a_domain(browser: Browser) -> None:
    with open_page(browser) as visits:
        visits.go(ALL)
        visits.page.keyboard.press("Tab")
        assert visits.page.inner_text(":focus") == "Skip to the content"
        visits.page.keyboard.press("Enter")
        first = visits.page.locator("table.domains tbody a").first
        presses = visits.page.locator("main a, main input, main select, main button").count()
        for _ in range(presses):
            visits.page.keyboard.press("Tab")
            if first.evaluate("link => link === document.activeElement"):
                break
        assert first.evaluate("link => getComputedStyle(link).outlineStyle") == "solid"
        name = first.inner_text()
        visits.page.keyboard.press("Enter")
        visits.page.wait_for_url("**/domains/**")
        assert visits.page.inner_text("h1") == name


def test_everything_works_without_the_script(browser: Browser) -> None:
    with open_page(browser, script=False) as visits:
        visits.go(ALL)
        visits.page.fill("input[name=q]", "catch-all")
        visits.page.click("text=Show")
        assert visits.page.locator("table.domains tbody tr").count() == 2
        visits.page.click("table.domains tbody a >> nth=0")
        assert visits.page.inner_text("h2 >> nth=0") == "Cause"
        visits.page.click("text=Look again")
        assert "look=true" in visits.page.url
        assert visits.page.inner_text("h2 >> nth=0") == "Cause"


def test_an_age_grows_while_the_page_is_open(browser: Browser) -> None:
    with open_page(browser) as visits:
        visits.page.clock.install()
        visits.go(WELL)
        before = visits.page.locator("time").first.get_attribute("data-age")
        visits.page.clock.run_for(3_600_000)
        assert before is not None
        assert visits.page.locator("time").first.inner_text().startswith("1 h")
