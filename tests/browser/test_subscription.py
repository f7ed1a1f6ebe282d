"""A subscription in the whole product, as its operator sees it: from trial through dunning to the end and back."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewOperator
from tests.browser.operator import Operator
from tests.flow.office import Office
from tests.stack import Stack
from tests.waiting import eventually

FAILS_LATER = "•••• 0341"
UNAVAILABLE = "I can't answer right now"


@dataclass
class Subscriber:
    """An operator using the subscription pages, and the sandbox's Stripe, whose time the test advances."""

    operator: Operator
    stack: Stack
    seen: str = ""

    @property
    def page(self) -> Any:
        return self.operator.page

    def open(self, path: str = "billing/") -> None:
        self.page.goto(f"{self.workspace}{path}")

    @property
    def workspace(self) -> str:
        slug = re.sub(r".*/t/([^/]+)/.*", r"\1", self.seen)
        return f"{self.operator.site.url}/t/{slug}/"

    def begin(self) -> None:
        """Sign up, connect Slack, set up Maya."""
        self.operator.begin()
        self.operator.sign_up()
        self.operator.confirm()
        self.operator.make_workspace(f"Subscriber {self.operator.email[6:14]}")
        self.seen = self.page.url
        self.operator.go_to_slack()
        self.operator.allow()
        self.operator.set_up_employee()

    def sees(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=15_000)

    def badge(self, word: str) -> None:
        """The state in the page's heading, which arrives by webhook or on return from Stripe."""
        eventually(lambda: self._shows_badge(word), within=30, what=f"the badge {word}")

    def _shows_badge(self, word: str) -> bool:
        self.open()
        return bool(self.page.locator(".badge", has_text=re.compile(rf"^\s*{word}\s*$")).count())

    def subscribe(self, seats: int) -> None:
        self.open()
        self.page.get_by_label("AI employees", exact=True).fill(str(seats))
        self.page.locator("form", has=self.page.get_by_label("AI employees", exact=True)).get_by_role(
            "button"
        ).last.click()
        self.page.wait_for_url(f"{self.operator.site.sandbox_url}/**")
        self.page.get_by_role("button", name=re.compile("^(Start trial|Subscribe)$")).click()
        self.page.wait_for_url(f"{self.operator.site.url}/**")

    def hire(self, name: str) -> None:
        self.open("employees/new/")
        self.page.get_by_label("Name", exact=True).fill(name)
        self.page.get_by_role("button", name="Save AI employee").click()

    def change_seats(self, seats: int) -> str:
        """Change the seats; returns the confirm button's label."""
        self.open(f"billing/seats/?seats={seats}")
        button = self.page.locator("#preview form button")
        words = str(button.inner_text())
        button.click()
        expect(self.page.get_by_role("status")).to_contain_text("seat", timeout=15_000)
        return words

    def take_another_card(self, choice: str) -> None:
        """Add a card on Stripe's page, through the button here."""
        self.open()
        self.page.get_by_role("button", name=re.compile("Update card|Use another card")).first.click()
        self.page.wait_for_url(f"{self.operator.site.sandbox_url}/**")
        self.page.get_by_text(choice).first.click()
        self.page.locator("main form").get_by_role("button").last.click()
        self.page.wait_for_url(f"{self.operator.site.url}/**")

    def wait(self, days: float) -> None:
        """Advance the customer's time."""
        answer = httpx.post(
            f"{self.operator.site.sandbox_url}/stripe/control/advance",
            json={"customer": self.customer, "days": days},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text

    @property
    def customer(self) -> str:
        return self._of_workspace("SELECT customer_id FROM billing_entitlement")

    def invite_to_general(self) -> None:
        self.stack.control("slack/control/invite", team=self.slack.team, channel="general", user="ada")

    def answer_in_slack(self, question: str) -> str:
        """The reply to a message in the channel."""
        asked = self.slack.mentions(question)
        return str(self.slack.reply_to(asked["ts"])["text"])

    @cached_property
    def slack(self) -> Office:
        team = self._of_workspace("SELECT external_id FROM channels_connection")
        bot = self._of_workspace("SELECT bot_user_id FROM channels_connection")
        return Office(self.stack, self.workspace.split("/")[-2], httpx.Client(), team, bot)

    def _of_workspace(self, select: str) -> str:
        of_it = "x JOIN tenants_tenant t ON t.id = x.tenant_id WHERE t.slug = %s"
        [row] = self.stack.query(f"{select} {of_it}", [self.workspace.split("/")[-2]])
        [value] = row.values()
        return str(value)


def fill_three_seats_of_a_trial(who: Subscriber) -> None:
    """Three work; a fourth is refused with a link to buy a seat."""
    who.invite_to_general()
    who.subscribe(3)
    who.sees("The trial has started: 3 seats")
    who.badge("Trial")
    who.hire("Ada")
    who.hire("Ben")
    who.sees("Ben is saved")
    who.open("employees/new/")
    who.sees("No seat is free")
    expect(who.page.get_by_role("link", name="Add a seat")).to_be_visible()


def pay_for_five_seats(who: Subscriber) -> None:
    """The button's amount equals the invoice's; the fourth and fifth work."""
    who.wait(15)
    who.badge("Active")
    said = who.change_seats(5)
    paid = Decimal(re.sub(r"[^\d.]", "", said.split(" for ")[0]))
    who.open()
    newest = who.page.locator("#invoices").locator("xpath=ancestor::section").locator("tbody tr").first
    eventually(lambda: _shows(who, newest, f"{paid:.2f}"), within=20, what=f"an invoice of {paid}")
    who.hire("Chloe")
    who.hire("Dan")
    who.sees("Dan is saved")


def plan_two_seats(who: Subscriber) -> None:
    """The page names who will pause; at the period's end two are on duty."""
    who.open("billing/seats/?seats=2")
    for name in ("Ben", "Chloe", "Dan"):
        expect(who.page.locator("#preview")).to_contain_text(name)
    who.change_seats(2)
    who.wait(31)
    who.open("employees/")
    eventually(lambda: _on_duty(who) == 2, within=30, what="two on duty")


def pay_too_late(who: Subscriber) -> None:
    """A declined renewal warns, then stops everyone; a good card brings them back."""
    who.take_another_card(FAILS_LATER)
    who.wait(31)
    who.badge("Past due")
    who.open("employees/")
    who.sees(re.compile("AI employees stop on"))
    who.wait(8)
    eventually(lambda: _on_duty(who) == 0, within=30, what="nobody on duty")
    assert UNAVAILABLE in who.answer_in_slack("When do you open?")

    who.take_another_card("•••• 4242")
    who.badge("Active")
    assert _on_duty(who) == 2
    assert UNAVAILABLE not in who.answer_in_slack("When do you close?")


def cancel_and_come_back(who: Subscriber) -> None:
    """Cancel, undo that, cancel, and subscribe again."""
    who.open()
    who.page.get_by_role("button", name="Cancel…").click()
    who.page.get_by_role("button", name="Cancel the subscription").click()
    who.sees(re.compile("ends on|Ends on"))
    who.page.get_by_role("button", name=re.compile("Resume|Keep")).first.click()
    expect(who.page.get_by_role("button", name="Cancel…")).to_be_visible()
    who.page.get_by_role("button", name="Cancel…").click()
    who.page.get_by_role("button", name="Cancel the subscription").click()
    who.wait(32)
    who.badge("Canceled")
    assert _on_duty(who) == 0

    who.subscribe(2)
    who.badge("Active")
    assert _on_duty(who) == 2


@pytest.mark.timeout(300)
def test_a_subscription_from_the_trial_to_its_end_and_back(new_operator: NewOperator, stack: Stack) -> None:
    who = Subscriber(new_operator(), stack)
    who.begin()

    fill_three_seats_of_a_trial(who)
    pay_for_five_seats(who)
    plan_two_seats(who)
    pay_too_late(who)
    cancel_and_come_back(who)


def _on_duty(who: Subscriber) -> int:
    who.open("employees/")
    return int(who.page.locator(".badge", has_text="On duty").count())


def _shows(who: Subscriber, row: Any, words: str) -> bool:
    who.open()
    return bool(row.count()) and words in row.inner_text()
