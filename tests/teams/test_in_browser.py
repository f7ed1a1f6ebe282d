"""A team in Chromium: from the invitation's mail to the membership, on every page, with an empty console."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Locator, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS, find_chromium
from tests.browser.operator import PASSWORD, Operator, Site
from tests.browser.pages import Judge
from tests.browser.watch import Watch
from tests.stack import Stack
from tests.waiting import eventually

NewOperator = Callable[[], Operator]


@pytest.fixture
def new_operator(stack: Stack) -> Iterator[NewOperator]:
    """People with one browser profile each. The browser ends with the test: its event loop must not outlive it."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium or Chrome on this machine: install one (on Debian: apt-get install chromium)")
    site = Site(stack.url, stack.sandbox_url)
    watch = Watch({urlsplit(site.url).netloc, urlsplit(site.sandbox_url).netloc})
    with sync_playwright() as playwright, ExitStack() as contexts:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        contexts.callback(browser.close)

        def make() -> Operator:
            context = contexts.enter_context(browser.new_context(timezone_id="Europe/London"))
            watch.follow(context)
            return Operator(context.new_page(), site, f"person-{uuid4().hex[:8]}@acme.example")

        yield make
    assert watch.offences == []


def heading(operator: Operator, name: str) -> None:
    expect(operator.page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def toast(operator: Operator, words: str) -> None:
    expect(operator.page.get_by_role("status")).to_contain_text(words)


def dialog(operator: Operator, button: str) -> Locator:
    """A button's confirmation dialog; its Cancel has the focus."""
    operator.page.get_by_role("button", name=button).click()
    opened = operator.page.locator(".dialog:popover-open")
    expect(opened.get_by_role("button", name="Cancel")).to_be_focused()
    return opened


def founder(operator: Operator, workspace: str) -> str:
    """Sign up and create a workspace; returns its URL."""
    operator.begin()
    operator.sign_up()
    operator.confirm()
    operator.make_workspace(workspace)
    return operator.workspace


def invites(operator: Operator, workspace: str, email: str, role: str = "Viewer") -> str:
    """Invite a person; returns the link in the mail."""
    operator.page.goto(f"{workspace}settings/members/invite/")
    operator.page.get_by_label("E-mail address").fill(email)
    operator.page.get_by_label("Role").select_option(role)
    operator.press("Send invitation")
    toast(operator, f"on its way to {email}")
    return eventually(lambda: link_to(operator.site, email), what=f"an invitation to {email}")


def link_to(site: Site, email: str) -> str | None:
    answer = httpx.get(f"{site.sandbox_url}/mail/control/messages", params={"to": email}, timeout=10)
    links = [link for mail in answer.json()["messages"] for link in mail["links"]]
    return next((link for link in links if "/invitations/" in link), None)


def joins(operator: Operator, link: str, judge: Judge) -> None:
    """Follow the mail's link and sign up to join the workspace."""
    operator.page.goto(link)
    heading(operator, "Join Northwind")
    judge.look("invitation")
    operator.page.get_by_role("link", name="Sign up", exact=True).click()
    expect(operator.page.get_by_label("E-mail address")).to_have_value(operator.email)
    operator.page.get_by_label("Password", exact=True).fill(PASSWORD)
    operator.press("Sign up")
    operator.page.get_by_label("Code").fill(operator.site.newest_code(operator.email, since=1))
    operator.press("Continue")
    heading(operator, "Join Northwind")
    judge.look("invitation-yours")
    operator.press("Join as a viewer")
    toast(operator, "You are now a viewer of Northwind.")


@pytest.mark.timeout(300)
def test_an_invitation_leads_from_the_mail_into_the_team(new_operator: NewOperator) -> None:
    owner, viewer = new_operator(), new_operator()
    judge, judges = Judge(owner.page), Judge(viewer.page)
    workspace = founder(owner, "Northwind")
    see_inviting(owner, workspace, judge)

    joins(viewer, invites(owner, workspace, viewer.email), judges)
    for name in ("", "settings/members/"):
        viewer.page.goto(f"{workspace}{name}")
        judges.look(f"viewer-{name.strip('/').replace('/', '-') or 'home'}")

    see_members(owner, workspace, viewer.email, judge)
    see_foreign_and_closed(owner, workspace, judge)
    see_the_end(owner, viewer, workspace, judges)
    faults = judge.faults + judges.faults
    assert not faults, "\n".join(faults)


def see_inviting(owner: Operator, workspace: str, judge: Judge) -> None:
    owner.page.goto(f"{workspace}settings/members/")
    judge.look("members-alone")
    owner.page.get_by_role("link", name="Invite somebody", exact=True).click()
    owner.press("Send invitation")
    heading(owner, "Invite somebody")
    judge.look("invite-errors")


def see_members(owner: Operator, workspace: str, other: str, judge: Judge) -> None:
    invites(owner, workspace, "carla@acme.example", "Admin")
    judge.look("members")
    for button, name in {
        f"Change role of {other}": "member-role",
        f"Remove {other}": "member-remove",
        "Withdraw the invitation of carla@acme.example": "invitation-withdraw",
        "Hand over…": "hand-over",
    }.items():
        opened = dialog(owner, button)
        judge.look(name)
        opened.get_by_role("button", name="Cancel").click()
    opened = dialog(owner, f"Change role of {other}")
    opened.get_by_label("Role").select_option("Operator")
    opened.get_by_role("button", name="Change role").click()
    toast(owner, f"{other} is now an operator.")


def see_foreign_and_closed(owner: Operator, workspace: str, judge: Judge) -> None:
    link = invites(owner, workspace, "dora@acme.example")
    owner.page.goto(link)
    expect(owner.page.get_by_text("This invitation is for another address")).to_be_visible()
    judge.look("invitation-of-another")
    owner.page.goto(f"{owner.site.url}/invitations/nothing/")
    heading(owner, "This invitation is not open")
    judge.look("invitation-closed")


def see_the_end(owner: Operator, viewer: Operator, workspace: str, judge: Judge) -> None:
    owner.page.goto(f"{workspace}settings/members/")
    opened = dialog(owner, f"Remove {viewer.email}")
    opened.get_by_role("button", name=f"Remove {viewer.email[:23]}").click()
    toast(owner, f"{viewer.email} was removed.")
    viewer.page.goto(workspace)
    heading(viewer, "There is nothing at this address")
    viewer.open("/")
    heading(viewer, "Name your workspace")
    expect(viewer.page.get_by_text("You are not in any workspace now")).to_be_visible()
    judge.look("no-workspace")


@pytest.mark.timeout(200)
def test_workspaces_are_switched_by_keyboard_and_on_a_phone(new_operator: NewOperator) -> None:
    owner = new_operator()
    judge = Judge(owner.page)
    first = founder(owner, "First shop")
    owner.open("/workspaces/new/")
    owner.make_workspace("Second shop")
    owner.page.goto(owner.workspace)
    summary = owner.page.locator("aside summary").first
    summary.focus()
    owner.page.keyboard.press("Enter")
    judge.look("switcher")
    owner.page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    owner.page.keyboard.press("Enter")
    owner.page.keyboard.press("Tab")
    owner.page.keyboard.press("Enter")
    owner.page.wait_for_url(first)
    owner.page.set_viewport_size({"width": 375, "height": 760})
    owner.page.locator(".mobile-bar summary").click()
    drawer = owner.page.locator(".drawer")
    expect(drawer.get_by_role("link", name="First shop")).to_have_attribute("aria-current", "true")
    judge.look("switcher-drawer")
    owner.page.set_viewport_size({"width": 375, "height": 760})
    drawer.get_by_role("link", name="Second shop").click()
    heading(owner, "Second shop")
    owner.open("/")
    heading(owner, "Second shop")
    assert not judge.faults, "\n".join(judge.faults)
