"""A web chat, from the wizard's one click to an answer that a visitor reads, with and without JavaScript."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import NewOperator
from tests.browser.operator import ANSWER_WITHIN_MS, Operator
from tests.browser.pages import Judge


def open_a_chat(operator: Operator) -> str:
    """Onboarding by a web chat alone; the address of its page."""
    operator.begin()
    operator.sign_up()
    operator.confirm()
    operator.make_workspace("Bloom Bakery")
    operator.page.get_by_role("radio", name="Web chat").check()
    operator.press("Continue")
    operator.set_up_employee()
    operator.send_test_message()
    assert "Maya" in operator.read_reply()
    address = operator.page.get_by_role("link", name="Open the web chat").get_attribute("href")
    assert address
    operator.finish()
    return address


def assert_it_streams(operator: Operator) -> None:
    """The next answer is seen while it is written."""
    operator.page.wait_for_function("document.querySelector('live-chat').news?.readyState === 1")
    operator.page.evaluate(SEEN)
    operator.page.get_by_label("Your message").fill("Who are you, and what can you help me with?")
    operator.press("Send")
    expect(operator.page.locator(".said.employee time")).to_have_count(2, timeout=ANSWER_WITHIN_MS)
    answer = operator.page.locator(".said.employee .words").last.inner_text()
    seen = operator.page.evaluate("window.seen")
    assert [each for each in seen if each and answer.startswith(each)], seen


SEEN = """() => {
  window.seen = [];
  const look = () => window.seen.push(document.querySelector("#waiting .words")?.textContent ?? "");
  new MutationObserver(look).observe(document.querySelector("[role=log]"), { childList: true, subtree: true });
}"""


@pytest.mark.timeout(180)
def test_onboarding_needs_no_outside_account_and_visitors_get_answers(
    new_operator: NewOperator, browser: Browser
) -> None:
    operator = new_operator()
    address = open_a_chat(operator)
    judge = Judge(operator.page)
    operator.page.goto(f"{operator.workspace}channels/")
    judge.look("channels-webchat")
    judge.site = "Bloom Bakery"

    operator.page.goto(address)
    judge.look("chat-empty")
    operator.page.get_by_label("Your message").fill("Is there a birthday cake without nuts?")
    operator.press("Send")
    expect(operator.page.locator(".said.self")).to_contain_text("birthday cake")
    expect(operator.page.locator(".said.employee time")).to_be_visible(timeout=ANSWER_WITHIN_MS)
    judge.look("chat-answered")
    assert_it_streams(operator)
    assert not judge.faults, "\n".join(judge.faults)

    visitor = browser.new_context(java_script_enabled=False).new_page()
    visitor.goto(address)
    visitor.get_by_label("Your message").fill("And on Sunday?")
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.locator(".said.self")).to_have_count(1)
    expect(visitor.locator(".said.employee time")).to_be_visible(timeout=ANSWER_WITHIN_MS)
    visitor.context.close()
