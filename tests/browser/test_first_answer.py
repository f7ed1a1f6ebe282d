"""From sign-up to the first real reply, as a new operator experiences it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewOperator
from tests.browser.operator import ANSWER_WITHIN_MS, Operator


def walk_to_reply(operator: Operator) -> str:
    """Press the main button on every page; all defaults work."""
    operator.begin()
    operator.sign_up()
    operator.confirm()
    operator.make_workspace("Acme Support")
    operator.go_to_slack()
    operator.allow()
    operator.set_up_employee()
    operator.send_test_message()
    return operator.read_reply()


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_new_operator_gets_a_real_reply(new_operator: NewOperator, has_scripts: bool) -> None:
    operator = new_operator(java_script_enabled=has_scripts)

    reply = walk_to_reply(operator)

    assert "Maya" in reply
    expect(operator.page.get_by_text(re.compile(r"Answered in \d+\.\d s through Slack"))).to_be_visible()
    operator.finish()
    conversations = operator.page.get_by_role("region", name="Latest conversations")
    expect(conversations.get_by_role("listitem")).to_have_count(1)


def test_the_browsers_time_zone_is_chosen(new_operator: NewOperator) -> None:
    operator = new_operator(timezone_id="America/New_York")
    operator.begin()
    operator.sign_up()
    operator.confirm()

    expect(operator.page.get_by_label("Time zone")).to_have_value("America/New_York")


def test_cancelling_in_slack_comes_back_to_the_step_with_a_retry(new_operator: NewOperator) -> None:
    operator = new_operator()
    operator.begin()
    operator.sign_up()
    operator.confirm()
    operator.make_workspace("Acme Support")
    operator.go_to_slack()

    operator.press("Cancel")

    expect(operator.page.get_by_role("alert")).to_contain_text("You canceled the installation in Slack")
    expect(operator.page.get_by_role("button", name="Try again")).to_be_visible()


def test_after_a_failed_submit_the_focus_goes_to_a_summary_that_links_to_the_field(new_operator: NewOperator) -> None:
    operator = new_operator()
    operator.begin()
    operator.page.get_by_label("E-mail address").fill("nobody")

    operator.press("Sign up")

    summary = operator.page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.click()
    expect(operator.page.get_by_label("E-mail address")).to_be_focused()


def test_a_failed_test_message_says_why_and_offers_another_try(new_operator: NewOperator) -> None:
    operator = new_operator()
    operator.begin()
    operator.sign_up()
    operator.confirm()
    operator.make_workspace("Acme Support")
    operator.go_to_slack()
    operator.allow()
    operator.set_up_employee()

    operator.send_test_message("Hello [sandbox:401]")

    expect(operator.page.get_by_text("That is on our side")).to_be_visible(timeout=ANSWER_WITHIN_MS)
    operator.page.get_by_role("link", name="Try again").click()
    operator.send_test_message()
    assert "Maya" in operator.read_reply()


FOCUS = """() => {
  const focused = document.activeElement, box = focused.getBoundingClientRect(), style = getComputedStyle(focused);
  const bar = document.querySelector(".wiz-foot"), top = bar.getBoundingClientRect().top;
  return {
    name: focused.outerHTML.slice(0, 120),
    has_ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    is_free: bar.contains(focused) || box.top < top,
    is_last: focused.matches(".wiz-foot button"),
  };
}"""


def test_the_keyboard_reaches_the_main_button_with_a_visible_focus_all_the_way(new_operator: NewOperator) -> None:
    operator = new_operator(viewport={"width": 1280, "height": 600})
    operator.begin()
    operator.sign_up()
    operator.confirm()
    operator.make_workspace("Acme Support")
    operator.go_to_slack()
    operator.allow()

    for _ in range(40):
        operator.page.keyboard.press("Tab")
        focus = operator.page.evaluate(FOCUS)
        assert focus["has_ring"], f"no visible focus on {focus['name']}"
        assert focus["is_free"], f"hidden under the bar: {focus['name']}"
        if focus["is_last"]:
            return
    raise AssertionError("pressing Tab 40 times did not reach the main button")
