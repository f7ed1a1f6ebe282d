"""What a subscription owes: its invoices that wait to be paid."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import stripe

from billing.models import Entitlement
from billing.standing import OWES

Status = Entitlement.Status
WAITING = frozenset({"open", "uncollectible"})
"""Some accounts mark invoices as uncollectible after the last try; they can still be paid."""
WAITING_UNPAID = WAITING | {"draft"}
"""Once Stripe has given up on a subscription, it leaves later invoices as drafts."""
SETTLED = "paid"


@dataclass(frozen=True)
class Debt:
    """`invoices`: oldest first. needs_action: the bank waits for the customer to confirm the newest one."""

    invoices: tuple[Mapping[str, Any], ...] = ()
    needs_action: bool = False

    @property
    def tried(self) -> Mapping[str, Any] | None:
        """The newest invoice whose payment was tried and failed."""
        return next((each for each in reversed(self.invoices) if each["attempt_count"]), None)

    def columns(self, subscription: Mapping[str, Any]) -> dict[str, Any]:
        """Since when money is owed, and where to pay it: the oldest invoice counts, so grace begins only once.

        Grace also ends when no invoice is left to pay: it began with the period then.
        """
        oldest = self.invoices[0] if self.invoices else None
        if subscription["status"] != Status.PAST_DUE:
            return {"pay_url": oldest.get("hosted_invoice_url") or ""} if oldest else {}
        if oldest is None:
            since = min(item["current_period_start"] for item in subscription["items"]["data"])
        else:
            since = (oldest.get("status_transitions") or {}).get("finalized_at") or oldest["created"]
        return {
            "past_due_since": datetime.fromtimestamp(since, UTC),
            "pay_url": (oldest or {}).get("hosted_invoice_url") or "",
        }


def of(api: stripe.StripeClient, subscription: Mapping[str, Any]) -> Debt:
    """Ask Stripe. Raises stripe.StripeError."""
    if subscription["status"] not in OWES:
        return Debt()
    wanted: Any = {"subscription": subscription["id"], "limit": 100}
    found = [each.to_dict(for_json=True) for each in api.v1.invoices.list(wanted).auto_paging_iter()]
    debt = Debt(waiting(found, WAITING_UNPAID if subscription["status"] == Status.UNPAID else WAITING))
    return replace(debt, needs_action=debt.tried is not None and _waits_for_customer(api, debt.tried["id"]))


def waiting(found: Iterable[Mapping[str, Any]], states: Collection[str]) -> tuple[Mapping[str, Any], ...]:
    """The invoices after the last paid one: the status follows that one, and older ones may stay open.

    https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
    """
    still: list[Mapping[str, Any]] = []
    for invoice in sorted(found, key=lambda each: (each["created"], each["id"])):
        if invoice["status"] == SETTLED and invoice["total"]:
            still.clear()
        elif invoice["status"] in states and invoice["amount_remaining"] and not _is_written_off(invoice):
            still.append(invoice)
    return tuple(still)


def _is_written_off(invoice: Mapping[str, Any]) -> bool:
    """Created while collection was paused with `mark_uncollectible`, so no payment was ever tried."""
    return invoice["status"] == "uncollectible" and not invoice.get("attempt_count")


def _waits_for_customer(api: stripe.StripeClient, invoice_id: str) -> bool:
    """https://docs.stripe.com/billing/subscriptions/overview#requires-action"""
    wanted: Any = {"invoice": invoice_id, "expand": ["data.payment.payment_intent"]}
    payments = [each.to_dict(for_json=True)["payment"] for each in api.v1.invoice_payments.list(wanted).data]
    intents = [each.get("payment_intent") for each in payments]
    return any(isinstance(intent, Mapping) and intent["status"] == "requires_action" for intent in intents)
