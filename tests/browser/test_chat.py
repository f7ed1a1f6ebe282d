"""A web chat, from the wizard's one click to an answer that a visitor reads, with and without JavaScript."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

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
    with serving() as port:
        operator.page.goto(channels)
        operator.page.locator("details.fold summary").first.click()
        operator.page.get_by_role("link", name="Put it on your website").click()
        operator.page.get_by_label("Sites that may show the chat").fill(f"http://localhost:{port}")
        operator.press("Save")
        judge.site = "Roster"
        expect(operator.page.frame_locator("iframe").get_by_label("Your message")).to_be_visible()
        judge.look("chat-embed")
        assert not judge.faults, "\n".join(judge.faults)
        Shop.page = f"<h1>Bloom</h1>{operator.page.locator('.copy code').first.inner_text()}"
        page = browser.new_context().new_page()
        page.goto(f"http://localhost:{port}/")
        page.get_by_role("button", name="Chat with Maya").click()
        frame = page.frame_locator("iframe")
        frame.get_by_label("Your message").fill("Do you deliver?")
        frame.get_by_role("button", name="Send").click()
        expect(frame.locator(".said.employee time")).to_be_visible(timeout=ANSWER_WITHIN_MS)
        if judge.folder:
            page.screenshot(path=f"{judge.folder}/chat-elsewhere.png")
        page.goto(f"http://127.0.0.1:{port}/")
        expect(page.get_by_role("heading", name="Bloom")).to_be_visible()
        expect(page.get_by_role("button")).to_have_count(0)
        page.context.close()


class Shop(BaseHTTPRequestHandler):
    """Somebody else's site, under two names: one that the operator allows, and one that nobody named."""

    page = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.page.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[int]:
    """The shop's port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def try_it(operator: Operator, judge: Judge, playground: str) -> None:
    """As a member, in the portal."""
    operator.page.goto(playground)
    operator.page.get_by_label("Your message").fill("Who are you?")
    operator.press("Send")
    expect(operator.page.locator(".said.employee time")).to_be_visible(timeout=ANSWER_WITHIN_MS)
    judge.look("playground")
    assert not judge.faults, "\n".join(judge.faults)


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
    try_it(operator, judge, channels.replace("channels/", "playground/"))

    visitor = browser.new_context(java_script_enabled=False).new_page()
    visitor.goto(address)
    visitor.get_by_label("Your message").fill("And on Sunday?")
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.locator(".said.self")).to_have_count(1)
    expect(visitor.locator(".said.employee time")).to_be_visible(timeout=ANSWER_WITHIN_MS)
    visitor.context.close()
