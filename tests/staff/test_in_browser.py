"""Staff in Chromium: from the command that creates the first one to viewing a portal with its owner's permission."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS, find_chromium
from tests.browser.operator import PASSWORD, Operator, Site
from tests.browser.pages import NARROW, THEMES, WIDE, Judge
from tests.browser.watch import Watch
from tests.stack import ROOT, Stack
from tests.staff.people import code

WITHOUT_RING = """() => [...document.querySelectorAll("main :is(a[href], button, input, select, textarea, summary)")]
  .filter((control) => control.checkVisibility() && !control.disabled && !control.closest("[popover]"))
  .filter((control) => {
    control.focus();
    const ring = (element, part) => {
      const style = getComputedStyle(element, part);
      return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    };
    return !ring(control) && !ring(control, "::after") && !ring(control.closest("label") ?? control);
  })
  .map((control) => `no ring when it has the focus: ${control.outerHTML}`)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed after this module: Playwright's event loop runs in this thread, and Django refuses to work beside one."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium or Chrome on this machine: install one (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def people(browser: Browser, stack: Stack) -> Iterator[tuple[Operator, Operator]]:
    """An owner and a staff member, each with a browser profile; neither's pages may misbehave."""
    site = Site(stack.url, stack.sandbox_url)
    watch = Watch({urlsplit(site.url).netloc})
    with ExitStack() as contexts:
        found = []
        for name in ("owner", "staff"):
            context = browser.new_context()
            contexts.callback(context.close)
            watch.follow(context)
            found.append(Operator(context.new_page(), site, f"{name}-{uuid4().hex[:8]}@acme.example"))
        yield found[0], found[1]
    assert watch.offences == []


@pytest.mark.timeout(300)
def test_staff_see_a_portal_only_while_its_owner_lets_them(people: tuple[Operator, Operator], stack: Stack) -> None:
    owner, staff = people
    workspace = _workspace(owner)
    _become_staff(staff, stack)
    judge = Judge(owner.page)

    _open(owner, f"{workspace}settings/support/")
    judge.look("support-none")
    owner.page.get_by_label("For how long").select_option("4")
    owner.page.get_by_label("Reason").fill("Nobody answers in our channel")
    owner.press("Let support look")
    expect(owner.page.get_by_role("heading", name="Support may look until")).to_be_visible()
    judge.look("support-given")
    _open(owner, workspace)
    expect(owner.page.get_by_text("support may look at this workspace until")).to_be_visible()
    judge.look("home-open-to-support")
    _open(owner, f"{workspace}onboarding/")
    judge.look("wizard-open-to-support")

    _look_around(staff, "Harbour Books")
    staff.page.get_by_role("link", name="Open portal").click()
    expect(staff.page.get_by_text("You see Harbour Books as Roster support until")).to_be_visible()
    seen = Judge(staff.page)
    seen.look("home-as-support")

    _open(owner, f"{workspace}settings/support/")
    owner.press("End support access…")
    owner.page.get_by_role("button", name="End support access", exact=True).click()
    expect(owner.page.get_by_text("Support access was ended.")).to_be_visible()
    judge.look("support-ended")
    staff.page.reload()
    expect(staff.page.get_by_role("heading", name="There is nothing at this address")).to_be_visible()
    assert not judge.faults + seen.faults, "\n".join(judge.faults + seen.faults)


@pytest.mark.timeout(300)
def test_every_component_is_accessible_in_both_themes_and_on_small_screens(
    people: tuple[Operator, Operator], stack: Stack
) -> None:
    _, staff = people
    _become_staff(staff, stack)
    judge = Judge(staff.page)

    _open(staff, "/styleguide/")
    expect(staff.page.get_by_role("heading", name="Style guide")).to_be_visible()
    judge.look_closely("styleguide")
    for name in ("Connect", "Check again", "Back", "Delete key"):
        button = staff.page.get_by_role("button", name=name, exact=True).first
        judge.look_while(f"the mouse is on {name}", button.hover, within="[aria-labelledby=s-button]")
    staff.page.keyboard.press("Tab")  # from here on the browser shows the focus
    faults = [*judge.faults, *staff.page.evaluate(WITHOUT_RING)]

    assert not faults, "\n".join(faults)


def _workspace(owner: Operator) -> str:
    """The path of a new workspace."""
    _open(owner, "/accounts/signup/")
    owner.sign_up()
    owner.confirm()
    owner.make_workspace("Harbour Books")
    return str(urlsplit(owner.page.url).path.split("onboarding/")[0])


def _become_staff(staff: Operator, stack: Stack) -> None:
    """Run Django's command, log in, confirm the address, set up an authenticator app, and enter the code again."""
    environment = {**stack.environment, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    command = [sys.executable, "manage.py", "createsuperuser", "--noinput", "--email", staff.email]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    page = staff.page
    _open(staff, "/admin/")
    page.get_by_label("E-mail address").fill(staff.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    staff.press("Log in")
    expect(page.get_by_role("heading", name="Check your e-mail")).to_be_visible()
    page.get_by_label("Code").fill(staff.site.newest_code(staff.email))
    staff.press("Continue")

    _open(staff, "/admin/")
    expect(page.get_by_text("Staff need a second step")).to_be_visible()
    page.get_by_role("link", name="Set up an authenticator app").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    staff.press("Continue")
    secret = page.locator("copy-button").get_attribute("value") or ""
    page.get_by_label("Code from the app").fill(code(secret))
    staff.press("Turn on")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()

    _open(staff, "/admin/")
    page.get_by_label("Code").first.fill(code(secret, later=1))
    staff.press("Continue")
    expect(page.get_by_role("heading", name="Support")).to_be_visible()


def _look_around(staff: Operator, name: str) -> None:
    page = staff.page
    _take(page, "admin")
    _open(staff, "/admin/tenants/tenant/")
    page.locator("#searchbar").fill("harbour")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=name).first).to_be_visible()
    _take(page, "admin-tenants")
    for path in ("tenants/user/", "channels/inboxevent/", "tenants/accountevent/"):
        _open(staff, f"/admin/{path}")
        _take(page, f"admin-{path.split('/')[1]}")
    page.locator("#result_list tbody th a").first.click()
    _take(page, "admin-accountevent-one")
    page.get_by_role("link", name="History").click()
    _take(page, "admin-history")
    _open(staff, "/admin/tenants/tenant/?q=harbour")
    page.get_by_role("link", name=name).first.click()
    expect(page.get_by_role("heading", name="Latest in the audit trail")).to_be_visible()
    _take(page, "admin-tenant")


def _open(operator: Operator, path: str) -> None:
    operator.page.goto(f"{operator.site.url}{path}")


def _take(page: Page, name: str) -> None:
    """Take a screenshot in both themes and widths; the admin's design is Django's."""
    folder = os.environ.get("SCREENSHOTS", "")
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        for size, suffix in ((NARROW, "-375"), (WIDE, "")):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            if folder:
                page.screenshot(path=Path(folder) / f"{name}-{theme}{suffix}.png", full_page=True)
