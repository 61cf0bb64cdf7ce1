"""Chromium, driven from the test and running inside a network namespace; used by the tests of the pages.

Playwright speaks to it over pipes, so that it needs no way out of the namespace, and there is none.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.stack.namespace import Daemon, Namespace

__all__ = ["CHROMIUM", "Visits", "open_browser", "open_page", "serve_fleet"]

CHROMIUM = "chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ROOT_OF_PROJECT = Path(__file__).resolve().parents[2]
PORT = 10093
ORIGIN = f"http://127.0.0.1:{PORT}"


@dataclass(frozen=True, slots=True)
class Visits:
    """A page of a browser, everything that it asked for, and all that it complained of."""

    page: Page
    asked: list[str]
    complaints: list[str]

    def go(self, path: str) -> None:
        """Open a path of the exporter."""
        self.page.goto(f"{ORIGIN}{path}")

    @property
    def strays(self) -> list[str]:
        """What was asked of anybody else than the exporter."""
        return [url for url in self.asked if not url.startswith(f"{ORIGIN}/")]


@contextmanager
def open_browser(namespace: Namespace, folder: Path) -> Iterator[Browser]:
    """A browser inside the namespace."""
    inside = folder / "chromium-inside"
    program = shutil.which(CHROMIUM)
    inside.write_text(f'#!/bin/sh\nexec ip netns exec {namespace.name} {program} "$@"\n', encoding="utf-8")
    inside.chmod(0o755)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=inside, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_page(browser: Browser, *, dark: bool = False, width: int = 1280, script: bool = True) -> Iterator[Visits]:
    """A page in a window of its own, so many pixels wide."""
    context = browser.new_context(
        color_scheme="dark" if dark else "light", viewport={"width": width, "height": 900}, java_script_enabled=script
    )
    page = context.new_page()
    visits = Visits(page, [], [])
    page.on("request", lambda request: visits.asked.append(request.url))
    page.on("console", lambda message: visits.complaints.append(message.text))
    page.on("pageerror", lambda error: visits.complaints.append(str(error)))
    page.on("dialog", lambda dialog: visits.complaints.append(dialog.message))
    try:
        yield visits
    finally:
        context.close()


def serve_fleet(namespace: Namespace, folder: Path, count: int) -> Daemon:
    """The exporter's application with a fleet of so many domains, inside the namespace; ready when this returns."""
    daemon = namespace.start(
        sys.executable,
        "-m",
        "tests.exporter.page_fleet",
        str(PORT),
        str(count),
        log=folder / "fleet.log",
        environment={**os.environ, "PYTHONPATH": f"{ROOT_OF_PROJECT}{os.pathsep}{ROOT_OF_PROJECT / 'exporter'}"},
    )
    daemon.wait_until(lambda: namespace.run("curl", "-fsS", f"{ORIGIN}/-/healthy").returncode == 0)
    return daemon
