"""What a subscription owes: its invoices that wait to be paid."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import stripe

from billing.models import Entitlement
from billing.standing import OWES

Status = Entitlement.Status
WAITING = frozenset({"open"})
WAITING_UNPAID = frozenset({"open", "draft"})
"""Once Stripe has given up on a subscription it leaves the invoices that follow as drafts."""


@dataclass(frozen=True)
class Debt:
    """`invoices`: the oldest first. needs_action: the bank waits until the customer has confirmed the newest one."""

    invoices: tuple[Mapping[str, Any], ...] = ()
    needs_action: bool = False

    @property
    def tried(self) -> Mapping[str, Any] | None:
        """The newest invoice whose money was asked for in vain."""
        return next((each for each in reversed(self.invoices) if each["attempt_count"]), None)

    def columns(self, status: str) -> dict[str, Any]:
        """Since when money is owed, and where it is paid: the oldest invoice counts, so that grace begins once."""
        if not self.invoices:
            return {}
        oldest = self.invoices[0]
        since = (oldest.get("status_transitions") or {}).get("finalized_at") or oldest["created"]
        owed = {"past_due_since": datetime.fromtimestamp(since, UTC)} if status == Status.PAST_DUE else {}
        return {**owed, "pay_url": oldest.get("hosted_invoice_url") or ""}


def of(api: stripe.StripeClient, subscription: Mapping[str, Any]) -> Debt:
    """Ask Stripe. Raises stripe.StripeError."""
    if subscription["status"] not in OWES:
        return Debt()
    wanted: Any = {"subscription": subscription["id"], "limit": 100}
    found = [each.to_dict(for_json=True) for each in api.v1.invoices.list(wanted).auto_paging_iter()]
    states = WAITING_UNPAID if subscription["status"] == Status.UNPAID else WAITING
    waiting = [each for each in found if each["status"] in states and each["amount_remaining"]]
    debt = Debt(tuple(sorted(waiting, key=lambda each: (each["created"], each["id"]))))
    return replace(debt, needs_action=debt.tried is not None and _waits_for_customer(api, debt.tried["id"]))


def _waits_for_customer(api: stripe.StripeClient, invoice_id: str) -> bool:
    """https://docs.stripe.com/billing/subscriptions/overview#requires-action"""
    wanted: Any = {"invoice": invoice_id, "expand": ["data.payment.payment_intent"]}
    payments = [each.to_dict(for_json=True)["payment"] for each in api.v1.invoice_payments.list(wanted).data]
    intents = [each.get("payment_intent") for each in payments]
    return any(isinstance(intent, Mapping) and intent["status"] == "requires_action" for intent in intents)
