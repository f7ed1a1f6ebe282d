"""A customer of the sandbox Stripe acts at random for a year: no call breaks, and the money adds up to the cent."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import stripe as sdk
from stripe import Subscription

from tests.sandbox.stripe_office import DAY, Office, open_office

STEPS = 30
CARDS = ("pm_card_visa", "pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_authenticationRequired")
PRORATIONS = ("always_invoice", "create_prorations", "none")
BEHAVIORS = ("allow_incomplete", "default_incomplete", "pending_if_incomplete")
ENDS = ("cancel", "pause", "create_invoice")


@dataclass
class Walk:
    """A customer who does things at random, the same for the same seed."""

    office: Office
    chance: random.Random
    subs: list[Subscription] = field(default_factory=list)

    def step(self) -> None:
        """Do one thing; an error response is fine too."""
        actions: list[Callable[[], Any]] = [self.subscribe, *[self.change] * 4, self.switch, self.end, self.pay]
        actions += [*[self.wait] * 4, self.take_card, self.discount, self.schedule, self.pause, self.resume]
        try:
            self.chance.choice(actions)()
        except (sdk.InvalidRequestError, sdk.CardError) as refusal:
            assert refusal.http_status in (400, 402, 404)  # noqa: PT017 - any other error breaks the test

    @property
    def sub(self) -> Subscription:
        """One of the subscriptions in its current state, ended or not."""
        if not self.subs:
            self.subscribe()
        return self.office.fresh(self.chance.choice(self.subs))

    def terms(self) -> dict[str, Any]:
        """How a change is charged."""
        return {
            "proration_behavior": self.chance.choice(PRORATIONS),
            "payment_behavior": self.chance.choice(BEHAVIORS),
        }

    def subscribe(self) -> None:
        """Subscribe monthly, now or after a trial."""
        trial: dict[str, Any] = {"trial_period_days": self.chance.choice([2, 14])} if self.chance.random() < 0.5 else {}
        ending = {"end_behavior": {"missing_payment_method": self.chance.choice(ENDS)}}
        self.subs.append(self.office.subscribe(self.chance.randrange(5), trial_settings=ending, **trial))

    def change(self) -> None:
        """Change the seats; what is invoiced immediately equals the preview."""
        sub, terms = self.sub, self.terms()
        items = [{"id": sub["items"].data[0].id, "quantity": self.chance.randrange(9)}]
        details = {"items": items, "proration_behavior": terms["proration_behavior"], "proration_date": self.office.now}
        preview = self.office.preview(sub, **details)
        changed = self.office.update(sub, **details, payment_behavior=terms["payment_behavior"])
        if changed.latest_invoice != sub.latest_invoice:
            invoice = self.office.stripe.v1.invoices.retrieve(str(changed.latest_invoice))
            assert (invoice.total, invoice.amount_due) == (preview.total, preview.amount_due)

    def switch(self) -> None:
        """Switch to yearly or back to monthly; keep the billing day or not."""
        sub = self.sub
        anchor = self.chance.choice([{}, {"billing_cycle_anchor": "now"}])
        price = self.chance.choice([self.office.monthly.id, self.office.yearly.id])
        self.office.update(sub, items=[{"id": sub["items"].data[0].id, "price": price}], **anchor, **self.terms())

    def end(self) -> None:
        """Cancel later, cancel now, or undo it."""
        sub, kind = self.sub, self.chance.randrange(4)
        if kind == 0:
            self.office.stripe.v1.subscriptions.cancel(sub.id)
        elif kind == 1:
            self.office.update(sub, cancel_at=self.office.now + self.chance.randrange(1, 60) * DAY)
        else:
            self.office.update(sub, cancel_at_period_end=kind == 2)

    def pay(self) -> None:
        """Pay or void an open invoice."""
        for invoice in self.office.stripe.v1.invoices.list({"customer": self.office.customer.id, "status": "open"}):
            if self.chance.random() < 0.7:
                self.office.stripe.v1.invoices.pay(invoice.id)
            else:
                self.office.stripe.v1.invoices.void_invoice(invoice.id)

    def wait(self) -> None:
        """Wait from a minute to two months."""
        self.office.wait(self.chance.choice([60, DAY, 7 * DAY, 20 * DAY, 33 * DAY, 58 * DAY]))

    def take_card(self) -> None:
        """Switch to a better or a worse card."""
        self.office.pays_with(self.chance.choice(CARDS))

    def discount(self) -> None:
        """Apply any kind of coupon."""
        values: Any = self.chance.choice(
            [
                {"percent_off": 33.33, "duration": "forever"},
                {"percent_off": 100, "duration": "once"},
                {"amount_off": 2500, "currency": "usd", "duration": "repeating", "duration_in_months": 2},
            ]
        )
        self.office.update(self.sub, discounts=[{"coupon": self.office.stripe.v1.coupons.create(values).id}])

    def schedule(self) -> None:
        """Schedule fewer or more seats from the next period on."""
        schedules, sub = self.office.stripe.v1.subscription_schedules, self.sub
        made = (
            schedules.retrieve(str(sub.schedule)) if sub.schedule else schedules.create({"from_subscription": sub.id})
        )
        phase: Any = made.phases[0]
        items = [{"price": one.price, "quantity": one.quantity} for one in phase["items"]]
        later = [{"price": self.office.monthly.id, "quantity": self.chance.randrange(1, 5)}]
        first = {"items": items, "start_date": phase.start_date, "end_date": phase.end_date}
        phases: Any = {"phases": [first, {"items": later, "proration_behavior": "none"}]}
        schedules.update(made.id, phases)

    def pause(self) -> None:
        """Pause or unpause payment collection."""
        behavior = self.chance.choice(["void", "keep_as_draft", "mark_uncollectible", None])
        self.office.update(self.sub, pause_collection={"behavior": behavior} if behavior else "")

    def resume(self) -> None:
        """Resume after a trial that ended without a card."""
        self.office.stripe.v1.subscriptions.resume(self.sub.id)

    def check(self) -> None:
        """Invoices equal what was due, the rest is on the balance, and time keeps passing."""
        found = list(self.office.stripe.v1.invoices.list({"customer": self.office.customer.id, "limit": 100}))
        final = [one for one in found if one.status in ("open", "paid", "uncollectible")]
        assert sum(one.total - one.amount_due for one in final) == self.office.balance
        for one in found:
            assert one.subtotal == sum(line.amount for line in one.lines.data)
            assert one.total == one.subtotal - sum(off.amount for off in one.total_discount_amounts or [])
            assert one.status != "paid" or (one.amount_paid, one.amount_remaining) == (one.amount_due, 0)
        for sub in map(self.office.fresh, self.subs):
            if sub.status in ("active", "trialing", "past_due", "unpaid"):
                assert sub["items"].data[0].current_period_end > self.office.now


@pytest.mark.parametrize("seed", range(6 if os.environ.get("FUZZ") == "long" else 3))
def test_the_money_of_a_year_adds_up(stripe: sdk.StripeClient, seed: int) -> None:
    chance = random.Random(seed)
    walk = Walk(open_office(stripe, chance.choice([None, *CARDS])), chance)
    for _ in range(STEPS):
        walk.step()
        walk.check()
    assert walk.subs
