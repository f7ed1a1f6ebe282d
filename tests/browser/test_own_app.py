"""An operator brings their own Slack app: from the wizard's first step to the first reply, on pages for everybody."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewOperator
from tests.browser.operator import Operator
from tests.browser.pages import Judge


def make_app(operator: Operator) -> dict[str, str]:
    """Follow the page's link to Slack in another tab and create the app; its credentials by name."""
    with operator.page.context.expect_page() as opened:
        operator.page.get_by_role("link", name="Create the app at Slack").click()
    slack = opened.value
    slack.get_by_role("button", name="Create").click()
    return {name: credential(slack, name) for name in ("Client ID", "Client Secret", "Signing Secret")}


def credential(slack: Page, name: str) -> str:
    return slack.locator("dl > div", has_text=name).locator("code").inner_text()


def verify(operator: Operator) -> None:
    """Press Retry on the page of Slack that is still open."""
    slack = operator.page.context.pages[-1]
    slack.get_by_role("button", name="Retry").click()
    expect(slack.get_by_text("Verified: yes")).to_be_visible()


@pytest.mark.timeout(300)
def test_an_own_slack_app_is_made_entered_and_answers(new_operator: NewOperator) -> None:
    operator = new_operator()
    operator.begin()
    operator.sign_up()
    operator.confirm()
    operator.make_workspace("Acme Support")
    judge = Judge(operator.page)
    operator.press("Use your own Slack app")
    judge.look("own-app-1")
    operator.page.get_by_text("Or paste the manifest yourself").click()
    judge.look("own-app-1-manifest")
    values = make_app(operator)
    operator.press("Check and continue")
    judge.look("own-app-1-errors")
    for label, value in values.items():
        operator.page.get_by_label(label, exact=True).fill(value)
    operator.press("Check and continue")
    expect(operator.page.get_by_text("Slack has not checked the address yet.")).to_be_visible()
    judge.look("own-app-2-entered")
    verify(operator)
    expect(operator.page.get_by_text("Slack has checked the address.")).to_be_visible()
    judge.look("own-app-3-checked")
    operator.press("Go on to Slack")
    operator.press("Cancel")
    judge.look("own-app-4-cancelled")
    operator.press("Try again")
    operator.allow()
    operator.set_up_employee()
    operator.send_test_message()
    assert operator.read_reply()
    operator.page.goto(f"{operator.workspace}channels/")
    operator.page.locator("details.fold > summary").first.click()
    expect(operator.page.get_by_text(re.compile("with your own app A0")).first).to_be_visible()
    judge.look("own-app-5-channels")
    assert not judge.faults, "\n".join(judge.faults)
