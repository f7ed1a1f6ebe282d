"""Every page of the portal: accessible in light and dark, labelled, and no wider than a small screen."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewOperator
from tests.browser.operator import PASSWORD, Operator
from tests.browser.pages import Judge
from tests.stack import Stack

FACE = Path(__file__).parents[2] / "docs" / "images" / "usage.png"


def see_the_way_in(operator: Operator, judge: Judge) -> None:
    operator.open("/")
    judge.look("front")
    for path, name in {
        "/accounts/login/": "login",
        "/accounts/login/code/": "login-code",
        "/accounts/password/reset/": "password-reset",
        "/accounts/inactive/": "inactive",
    }.items():
        operator.open(path)
        judge.look(name)
    operator.begin()
    judge.look("signup")
    operator.press("Sign up")
    judge.look("signup-errors")


def see_the_wizard(operator: Operator, judge: Judge) -> None:
    operator.sign_up()
    judge.look("confirm-email")
    operator.confirm()
    judge.look("new-workspace")
    operator.make_workspace("Acme Support")
    judge.look("wizard-1-channel")
    see_empty_pages(operator, judge)
    operator.go_to_slack()
    operator.press("Cancel")
    judge.look("wizard-1-cancelled")
    operator.press("Try again")
    operator.allow()
    judge.look("wizard-2-employee")
    operator.page.get_by_label("Role").fill("")
    operator.press("Save and continue")
    judge.look("wizard-2-errors")
    operator.page.get_by_label("Role").fill("Customer support")
    operator.set_up_employee()
    judge.look("wizard-3-test")
    operator.send_test_message()
    operator.read_reply()
    judge.look("wizard-3-reply")
    operator.page.get_by_role("link", name="Connect a channel").click()
    judge.look("wizard-1-connected")
    operator.page.get_by_role("link", name="Continue").click()


def see_empty_pages(operator: Operator, judge: Judge) -> None:
    step, workspace = operator.page.url, operator.workspace
    for name in ("", "employees/", "channels/", "conversations/", "usage/"):
        operator.page.goto(f"{workspace}{name}")
        judge.look(f"empty-{name.strip('/') or 'home'}")
    operator.page.goto(step)


def see_the_workspace(operator: Operator, judge: Judge) -> None:
    workspace = operator.workspace
    for name in ("", "employees/", "channels/", "conversations/", "usage/"):
        operator.page.goto(f"{workspace}{name}")
        judge.look(name.strip("/") or "home")
    operator.page.get_by_text("Show as table").click()
    judge.look("usage-table")
    operator.page.goto(f"{workspace}conversations/")
    operator.page.locator(".cover").click()
    judge.look("conversation")
    operator.page.goto(f"{workspace}employees/")
    operator.page.get_by_role("link", name="Maya").click()
    operator.page.get_by_label("PNG, JPEG or WebP").set_input_files(FACE)
    operator.press("Use this picture")
    expect(operator.page.get_by_role("status")).to_contain_text("Maya has a new picture")
    judge.look("employee")
    operator.page.get_by_role("link", name="Channels", exact=True).last.click()
    judge.look("employee-channels")
    operator.page.get_by_role("link", name="Who answers where").click()
    operator.page.get_by_label("Direct messages").select_option(label="Maya")
    operator.press("Save")
    expect(operator.page.get_by_role("status")).to_contain_text("Saved")
    judge.look("routing")


def see_how_channels_are(operator: Operator, judge: Judge, stack: Stack) -> None:
    """All is well; then Slack accepts the token no more; then it does again."""
    page = operator.page
    page.goto(f"{operator.workspace}channels/")
    page.locator("summary", has_text="Slack, ").click()
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#cards")).to_contain_text("Checked")
    page.locator("summary", has_text="Slack, ").click()
    judge.look("health-fine")
    stack.control("slack/control/faults", method="auth.test", kind="error", answer="token_revoked", times=1)
    page.get_by_role("button", name="Check again").click()
    expect(page.locator("#cards")).to_contain_text("Slack no longer lets Roster in (token_revoked).")
    judge.look("health-broken")
    page.get_by_role("button", name="Check again").click()
    expect(page.locator("#cards")).not_to_contain_text("token_revoked")


def see_disconnecting(operator: Operator, judge: Judge) -> None:
    operator.page.goto(f"{operator.workspace}channels/")
    operator.page.locator("summary", has_text="Slack, ").click()
    operator.page.get_by_role("link", name="Open its page").click()
    judge.look("channel")
    operator.page.get_by_role("button", name="Release").first.click()
    judge.look("channel-release")
    operator.page.keyboard.press("Escape")
    operator.page.get_by_role("button", name="Disconnect").first.click()
    dialog = operator.page.get_by_role("alertdialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    judge.look("disconnect")
    dialog.get_by_role("button", name="Disconnect").click()
    expect(operator.page.get_by_role("status")).to_contain_text("is disconnected")
    judge.look("disconnected")
    for name in ("", "employees/"):
        operator.page.goto(f"{operator.workspace}{name}")
        judge.look(f"disconnected-{name.strip('/') or 'home'}")


def see_the_account(operator: Operator, judge: Judge) -> None:
    for path, name in {
        "/accounts/email/": "account-email",
        "/accounts/password/change/": "account-password",
        "/accounts/reauthenticate/": "account-reauthenticate",
        "/accounts/logout/": "account-logout",
        "/nowhere/": "error-404",
    }.items():
        operator.open(path)
        judge.look(name)


def see_a_new_password(operator: Operator, judge: Judge) -> None:
    operator.page.context.clear_cookies()
    operator.open("/accounts/password/reset/")
    operator.page.get_by_label("E-mail address").fill(operator.email)
    operator.press("Send the code")
    judge.look("password-reset-code")
    operator.page.get_by_label("Code").fill(operator.site.newest_code(operator.email, since=1))
    operator.press("Continue")
    judge.look("password-reset-new")
    operator.page.get_by_label("New password", exact=True).fill(PASSWORD + " again")
    operator.page.get_by_label("New password, again").fill(PASSWORD + " again")
    operator.press("Change password")
    judge.look("password-reset-done")


@pytest.mark.timeout(300)
def test_every_page_is_accessible_labelled_and_fits_a_small_screen(new_operator: NewOperator, stack: Stack) -> None:
    operator = new_operator()
    judge = Judge(operator.page)

    see_the_way_in(operator, judge)
    see_the_wizard(operator, judge)
    see_the_workspace(operator, judge)
    see_how_channels_are(operator, judge, stack)
    see_disconnecting(operator, judge)
    see_the_account(operator, judge)
    see_a_new_password(operator, judge)

    assert not judge.faults, "\n".join(judge.faults)
