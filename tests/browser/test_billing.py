"""The subscription pages in a browser: every state, both themes, 375 px, and without JavaScript."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect
from psycopg import sql

from tests.browser.conftest import NewOperator
from tests.browser.operator import Operator
from tests.browser.pages import Judge
from tests.stack import Stack

NO_CARD = "payment_method_id = '', card_brand = '', card_last4 = ''"
IS_OPEN = "pay_url = 'https://pay.example/', next_invoice_usd = NULL, next_invoice_at = NULL"
NO_INVOICE = "next_invoice_usd = NULL, next_invoice_at = NULL"
IN_NINE_DAYS = "now() + interval '9 days'"
BESIDE = """other_items = '[{"usd": "120.00", "name": "Consulting", "interval": "month", "quantity": 1}]'"""
STATES: dict[str, str] = {
    "active": "status = 'active'",
    "active-ending": f"status = 'active', cancels_at = now() + interval '20 days', {NO_INVOICE}",
    "active-fewer": "status = 'active', next_seats = 1, next_seats_at = now() + interval '20 days'",
    "active-too-few-seats": "status = 'active', seats = 1",
    "active-expired-card": "status = 'active', card_expires = '01/2020'",
    "trialing-without-card": f"trial_ends_at = now() + interval '50 hours', {NO_CARD}",
    "trialing-ending": f"trial_ends_at = {IN_NINE_DAYS}, cancels_at = {IN_NINE_DAYS}, {NO_INVOICE}",
    "past-due": f"status = 'past_due', past_due_since = now(), {IS_OPEN}",
    "past-due-over": f"status = 'past_due', past_due_since = now() - interval '8 days', {IS_OPEN}",
    "unpaid": f"status = 'unpaid', {IS_OPEN}",
    "incomplete": f"status = 'incomplete', {IS_OPEN}",
    "incomplete-expired": f"status = 'incomplete_expired', {NO_INVOICE}",
    "canceled": f"status = 'canceled', ended_at = now(), {NO_INVOICE}",
    "paused": f"status = 'paused', {NO_CARD}, {NO_INVOICE}",
    "paused-with-card": f"status = 'paused', {NO_INVOICE}",
    "paused-and-tried": f"status = 'paused', {IS_OPEN}",
    "foreign-price": "status = 'active', is_foreign = true",
    "payments-paused-beside-others": f"status = 'active', collection_pause = 'keep_as_draft', {BESIDE}, {NO_INVOICE}",
}
"""The changes to the workspace's row, which in the product only Stripe's data causes."""
ALSO_EMPLOYEES = ("active-too-few-seats", "past-due", "past-due-over", "unpaid", "incomplete", "canceled", "paused")


@dataclass
class Buyer:
    """An operator using the subscription pages."""

    operator: Operator
    judge: Judge
    workspace: str

    def open(self, path: str = "billing/") -> None:
        self.operator.page.goto(f"{self.workspace}{path}")

    @property
    def slug(self) -> str:
        return self.workspace.rstrip("/").rpartition("/")[2]


def settle_in(operator: Operator) -> Buyer:
    """From sign-up to a workspace with Maya."""
    operator.begin()
    operator.sign_up()
    operator.confirm()
    operator.make_workspace(f"Acme {operator.email[6:14]}")
    operator.go_to_slack()
    operator.allow()
    operator.set_up_employee()
    return Buyer(operator, Judge(operator.page), operator.workspace)


def subscribe(buyer: Buyer, seats: int) -> None:
    """Subscribe on our page, then Stripe's, and come back."""
    page = buyer.operator.page
    page.get_by_label("AI employees", exact=True).fill(str(seats))
    buyer.operator.press("Start the 14-day trial")
    page.wait_for_url(f"{buyer.operator.site.sandbox_url}/stripe/checkout/**")
    buyer.operator.press("Start trial")
    page.wait_for_url(f"{buyer.operator.site.url}/**")


def see_what_it_costs(buyer: Buyer) -> None:
    page = buyer.operator.page
    buyer.open("")
    buyer.judge.look("home-without-subscription")
    page.get_by_role("link", name="See what it costs").click()
    expect(page.get_by_text("$49.00 per month")).to_be_visible()
    page.get_by_text("Yearly").click()
    page.get_by_label("AI employees", exact=True).fill("3")
    expect(page.get_by_text("$1,470.00 per year")).to_be_visible()
    buyer.judge.look("billing-none")
    page.get_by_label("AI employees", exact=True).fill("10000")
    buyer.operator.press("Start the 14-day trial")
    expect(page.get_by_role("alert")).to_be_focused()
    buyer.judge.look("billing-none-errors")
    page.get_by_role("alert").get_by_role("link", name="AI employees").click()
    expect(page.get_by_label("AI employees", exact=True)).to_be_focused()
    buyer.open("billing/return/?checkout=cs_test_of_nobody")
    expect(page.get_by_role("heading", name="We are checking with Stripe")).to_be_visible()
    buyer.judge.look("billing-checking")


def hire(buyer: Buyer, *names: str) -> None:
    for name in names:
        buyer.open("employees/new/")
        buyer.operator.page.get_by_label("Name", exact=True).fill(name)
        buyer.operator.press("Save AI employee")
        expect(buyer.operator.page.get_by_role("status")).to_contain_text(f"{name} is saved")


def see_the_employees(buyer: Buyer) -> None:
    page = buyer.operator.page
    hire(buyer, "Leo", "Nora")
    buyer.judge.look("employees-full")
    page.get_by_role("button", name="Move Nora up").click()
    expect(page.locator(".rows .cover")).to_have_text(["Maya", "Nora", "Leo"])
    expect(page.get_by_role("button", name="Move Nora up")).to_be_focused()
    page.get_by_role("button", name="Pause Leo").click()
    dialog = page.get_by_role("alertdialog", name="Pause Leo?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    buyer.judge.look("employees-pause")
    dialog.get_by_role("button", name="Pause Leo").click()
    expect(page.get_by_role("status")).to_contain_text("Leo is paused")
    buyer.judge.look("employees-paused")
    page.get_by_role("button", name="Reactivate Leo").click()
    expect(page.get_by_role("status")).to_contain_text("Leo has a seat again")
    buyer.open("employees/new/")
    buyer.judge.look("employees-no-seat-is-free")
    page.get_by_role("link", name="Add a seat").click()


def see_what_a_change_costs(buyer: Buyer) -> None:
    """Type a number and see the preview, coming from the hiring page."""
    page = buyer.operator.page
    preview = page.locator("#preview")
    expect(preview).to_contain_text("4 seats instead of 3")
    buyer.judge.look("seats-more")
    page.get_by_label("Seats", exact=True).fill("1")
    expect(preview).to_contain_text("1 seat instead of 3")
    expect(preview).to_contain_text("Nora")
    buyer.judge.look("seats-fewer")
    page.get_by_label("Seats", exact=True).fill("0")
    expect(preview.get_by_role("alert")).to_contain_text("“0” is not a number of seats")
    page.get_by_role("button", name="Show what it costs").click()
    expect(page.get_by_role("alert")).to_be_focused()
    buyer.judge.look("seats-errors")
    page.get_by_label("Seats", exact=True).fill("3")
    expect(preview).to_contain_text("You pay for 3 seats now")
    buyer.judge.look("seats-same")
    buyer.open("billing/plan/")
    buyer.judge.look("switch-plan")


def see_the_question_before_cancelling(buyer: Buyer) -> None:
    page = buyer.operator.page
    buyer.open()
    page.get_by_role("button", name="Cancel…").click()
    dialog = page.get_by_role("alertdialog", name="Cancel the subscription?")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    buyer.judge.look("billing-cancel")


def put(stack: Stack, slug: str, change: str) -> None:
    """Update the workspace's row."""
    statement = sql.SQL(
        "UPDATE billing_entitlement SET {} FROM tenants_tenant t WHERE t.id = tenant_id AND slug = %s RETURNING slug"
    ).format(sql.SQL(change))
    assert stack.query(statement, [slug]) == [{"slug": slug}]


def see_every_state(buyer: Buyer, stack: Stack) -> None:
    columns = [row["column_name"] for row in stack.query(COLUMNS)]
    kept = sql.SQL("SELECT {} FROM billing_entitlement e JOIN tenants_tenant t ON t.id = tenant_id WHERE slug = %s")
    names = sql.SQL(", ").join(sql.Identifier("e", name) for name in columns)
    [before] = stack.query(kept.format(names), [buyer.slug])
    back = sql.SQL(
        "UPDATE billing_entitlement SET {} FROM tenants_tenant t WHERE t.id = tenant_id AND slug = %s RETURNING slug"
    ).format(sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in columns))
    for name, change in STATES.items():
        put(stack, buyer.slug, change)
        buyer.open()
        buyer.judge.look(f"billing-{name}")
        if name in ALSO_EMPLOYEES:
            buyer.open("employees/")
            buyer.judge.look(f"employees-{name}")
        stack.query(back, [*before.values(), buyer.slug])


COLUMNS = """
    SELECT column_name FROM information_schema.columns
     WHERE table_name = 'billing_entitlement' AND column_name NOT IN ('id', 'tenant_id', 'other_items')
"""


@pytest.mark.timeout(600)
def test_every_state_is_accessible_labelled_and_fits_a_small_screen(new_operator: NewOperator, stack: Stack) -> None:
    buyer = settle_in(new_operator())

    see_what_it_costs(buyer)
    buyer.open()
    subscribe(buyer, 3)
    expect(buyer.operator.page.get_by_role("status")).to_contain_text("The trial has started: 3 seats")
    buyer.judge.look("billing-trialing")
    see_the_employees(buyer)
    see_what_a_change_costs(buyer)
    see_the_question_before_cancelling(buyer)
    see_every_state(buyer, stack)
    buyer.open("")
    buyer.judge.look("home-with-subscription")

    assert not buyer.judge.faults, "\n".join(buyer.judge.faults)


@pytest.mark.timeout(300)
def test_everything_works_without_javascript(new_operator: NewOperator) -> None:
    buyer = settle_in(new_operator(java_script_enabled=False))
    page = buyer.operator.page
    buyer.open()
    subscribe(buyer, 1)
    expect(page.get_by_text("The trial has started: 1 seat, and nothing is charged before")).to_be_visible()

    buyer.open("employees/new/")
    page.get_by_role("link", name="Add a seat").click()
    page.get_by_label("Seats", exact=True).fill("2")
    buyer.operator.press("Show what it costs")
    buyer.operator.press("Change to 2 seats")

    expect(page).to_have_url(re.compile(r"/employees/new/$"))
    expect(page.get_by_text("You have 2 seats now.")).to_be_visible()
    buyer.open()
    buyer.operator.press("Cancel…")
    buyer.operator.press("Cancel the subscription")
    expect(page.get_by_role("heading", name=re.compile("The trial ends on"))).to_be_visible()
    buyer.operator.press("Keep the subscription")
    expect(page.get_by_text("The subscription continues.")).to_be_visible()
