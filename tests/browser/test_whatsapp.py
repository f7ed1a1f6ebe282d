"""A WhatsApp number, from the wizard's form to an answer whose delivery is shown."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewOperator
from tests.browser.operator import ANSWER_WITHIN_MS, Operator
from tests.browser.pages import Judge
from tests.stack import Stack


def connect(operator: Operator, number: dict[str, Any]) -> None:
    """As an operator copies it from Meta."""
    operator.begin()
    operator.sign_up()
    operator.confirm()
    operator.make_workspace("Bloom Bakery")
    operator.page.get_by_role("radio", name="WhatsApp").check()
    operator.press("Continue")
    page = operator.page
    page.locator("#id_access_token").fill(number["tokens"]["permanent"])
    page.locator("#id_app_secret").fill(number["app_secret"])
    page.locator("#id_phone_number_id").fill(number["phone_id"])
    expect(page.get_by_text(re.compile("Found"))).to_be_visible(timeout=ANSWER_WITHIN_MS)
    operator.press("Check and continue")
    expect(page.get_by_text(number["number"]).first).to_be_visible()


@pytest.mark.timeout(180)
def test_whoever_writes_to_the_number_is_answered_and_the_operator_sees_it_delivered(
    new_operator: NewOperator, stack: Stack
) -> None:
    number = stack.control("whatsapp/control/numbers", name="Bloom Bakery")
    operator = new_operator()
    connect(operator, number)
    judge = Judge(operator.page)
    judge.look("whatsapp-connected")
    operator.page.get_by_role("link", name="Continue").click()
    operator.set_up_employee()
    expect(operator.page.get_by_text("Waiting for your message")).to_be_visible()
    judge.look("onboarding-test-waiting")

    with operator.page.context.expect_page() as opened:
        operator.page.get_by_role("link", name="Open WhatsApp").click()
    phone = opened.value
    expect(phone.get_by_label("Message Bloom Bakery")).to_have_value(re.compile("Hello"))
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_text("✓✓ Read").first).to_be_visible(timeout=ANSWER_WITHIN_MS)
    phone.close()

    talk = operator.page.get_by_role("region", name="Test conversation")
    expect(talk.get_by_text(re.compile(r"Answered in \d+\.\d s through WhatsApp"))).to_be_visible(
        timeout=ANSWER_WITHIN_MS
    )
    expect(talk.get_by_text(re.compile("Delivered"))).to_be_visible(timeout=ANSWER_WITHIN_MS)
    expect(talk.get_by_text(re.compile(r"wamid\."))).to_be_visible()
    judge.look("onboarding-test-delivered")
    operator.finish()
    operator.page.goto(f"{operator.workspace}channels/")
    operator.page.locator("details[id^=channel-] > summary").click()
    operator.page.get_by_role("link", name="Open its page").click()
    expect(operator.page.get_by_role("heading", name="What WhatsApp charges for")).to_be_visible()
    judge.look("connection-charges")
    assert not judge.faults, "\n".join(judge.faults)
