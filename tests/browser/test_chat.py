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


def see_it_elsewhere(operator: Operator, browser: Browser, judge: Judge, channels: str) -> None:
    """On another site that the operator named, by its tag; a site that nobody named shows nothing."""
    operator.page.goto(channels)
    operator.page.get_by_role("link", name="Put it on your website").click()
    operator.page.get_by_label("Sites that may show the chat").fill(SHOP)
    operator.press("Save")
    judge.site = "Roster"
    expect(operator.page.frame_locator("iframe").get_by_label("Your message")).to_be_visible()
    judge.look("chat-embed")
    tag = operator.page.locator(".copy code").first.inner_text()
    assert not judge.faults, "\n".join(judge.faults)

    page = browser.new_context().new_page()
    page.route(f"{SHOP}/**", lambda route: route.fulfill(body=f"<h1>Bloom</h1>{tag}", content_type="text/html"))
    page.goto(f"{SHOP}/")
    page.get_by_role("button", name="Chat with Maya").click()
    frame = page.frame_locator("iframe")
    frame.get_by_label("Your message").fill("Do you deliver?")
    frame.get_by_role("button", name="Send").click()
    expect(frame.locator(".said.employee time")).to_be_visible(timeout=ANSWER_WITHIN_MS)
    if judge.folder:
        page.screenshot(path=f"{judge.folder}/chat-elsewhere.png")
    page.route(f"{STRANGE}/**", lambda route: route.fulfill(body=f"<h1>Evil</h1>{tag}", content_type="text/html"))
    page.goto(f"{STRANGE}/")
    expect(page.get_by_role("heading", name="Evil")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    page.context.close()


SHOP, STRANGE = "http://localhost:39999", "http://127.0.0.1:39998"


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
    judge, channels = Judge(operator.page), f"{operator.workspace}channels/"
    operator.page.goto(channels)
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

    see_it_elsewhere(operator, browser, judge, channels)

    visitor = browser.new_context(java_script_enabled=False).new_page()
    visitor.goto(address)
    visitor.get_by_label("Your message").fill("And on Sunday?")
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.locator(".said.self")).to_have_count(1)
    expect(visitor.locator(".said.employee time")).to_be_visible(timeout=ANSWER_WITHIN_MS)
    visitor.context.close()
