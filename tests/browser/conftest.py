"""A browser for the portal's tests: the system's Chromium, with checks on what pages do."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.operator import Operator, Site
from tests.browser.watch import Watch
from tests.stack import Stack

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The headless shell comes first: it is the same engine, and needs a third of the CPU time for a page."""

ON_A_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

NewOperator = Callable[..., Operator]


def find_chromium() -> str | None:
    on_path = next(filter(None, map(shutil.which, NAMES)), None)
    return on_path or (str(ON_A_MAC) if ON_A_MAC.exists() else None)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Closed after this package: Playwright's event loop runs in this thread, and Django refuses to work beside one."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium or Chrome on this machine: install one (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def new_operator(browser: Browser, stack: Stack) -> Iterator[NewOperator]:
    """Creates operators with new browser profiles; takes the options of Browser.new_context. No page may misbehave."""
    site = Site(stack.url, stack.sandbox_url)
    watch = Watch({urlsplit(site.url).netloc, urlsplit(site.sandbox_url).netloc})
    contexts = []

    def make(**options: Any) -> Operator:
        context = browser.new_context(**{"timezone_id": "Europe/London", **options})
        contexts.append(context)
        watch.follow(context)
        return Operator(context.new_page(), site, f"owner-{uuid4().hex[:8]}@acme.example")

    yield make
    for context in contexts:
        context.close()
    assert watch.offences == []
