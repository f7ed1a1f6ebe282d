"""Disputes: what a bank takes back for its customer. https://docs.stripe.com/disputes/how-disputes-work

Evidence decides as in Stripe's test mode: `winning_evidence` or `losing_evidence` as `uncategorized_text`.
"""

from __future__ import annotations

from typing import Any, Final

from sandbox.stripe import charges
from sandbox.stripe.amending import add, amend
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import emit
from sandbox.stripe.forms import Field, Flag, Hash, Metadata, Range, Text, merged, within
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

FEE: Final = 1500
DAYS_TO_ANSWER: Final = 9
EVIDENCE: Final = (
    *("access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure"),
    *("cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name"),
    *("customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation"),
    *("duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure"),
    *("refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier"),
    *("shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file"),
    "uncategorized_text",
)
REASONS: Final = {
    "bank_cannot_process": "13.9",
    "credit_not_processed": "13.6",
    "duplicate": "12.6",
    "fraudulent": "10.4",
    "general": "10.4",
    "product_not_received": "13.1",
    "product_unacceptable": "13.3",
    "subscription_canceled": "13.2",
    "unrecognized": "10.4",
}
OPEN: Final = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
OUTCOMES: Final = {"winning_evidence": "won", "losing_evidence": "lost"}
UPDATE: Final[dict[str, Field]] = {
    "evidence": Hash(fields={name: Text(longest=20_000, is_clearable=True) for name in EVIDENCE}),
    "metadata": Metadata(),
    "submit": Flag(),
}
LIST: Final[dict[str, Field]] = {"charge": Text(), "created": Range(), "payment_intent": Text()}


def open_dispute(
    peer: Stripe, charge: JsonObject, reason: str = "fraudulent", *, is_inquiry: bool = False
) -> JsonObject:
    """A bank disputes a charge; unless it only inquires, the money is gone at once. Raises StripeError if unpaid."""
    if charge["status"] != "succeeded" or charge["disputed"] or reason not in REASONS:
        raise invalid(
            "charge", f"Charge {charge['id']} cannot be disputed as {reason}: it is unpaid or disputed already."
        )
    now = peer.store.now(charge)
    dispute_id = peer.store.new_id("du")
    dispute = {
        "id": dispute_id,
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [] if is_inquiry else [_withdraw(peer, charge, dispute_id)],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": _deadline(now),
        "is_charge_refundable": is_inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": _case(charge, reason, is_inquiry=is_inquiry),
        "reason": reason,
        "status": "warning_needs_response" if is_inquiry else "needs_response",
    }
    amend(peer, charge, {"disputed": True}, "charge.updated")
    add(peer, dispute, "charge.dispute.created")
    if not is_inquiry:
        emit(peer, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def _deadline(now: int) -> JsonObject:
    return {
        "due_by": (now // charges.DAY + DAYS_TO_ANSWER) * charges.DAY - 1,
        "enhanced_eligibility": {},
        "has_evidence": False,
        "past_due": False,
        "submission_count": 0,
    }


def _case(charge: JsonObject, reason: str, *, is_inquiry: bool) -> JsonObject:
    network = charge["payment_method_details"]["card"]["brand"]
    kind = "inquiry" if is_inquiry else "chargeback"
    case = {"brand": network, "case_type": kind, "network": network, "network_reason_code": REASONS[reason]}
    return {"card": case, "type": "card"}


def _withdraw(peer: Stripe, charge: JsonObject, dispute_id: str) -> JsonObject:
    return charges.move(peer, charge, -charge["amount"], "adjustment", source=dispute_id, fee=FEE, category="dispute")


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A dispute."""
    return peer.need("dispute", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Keep evidence, and hand it in unless `submit` is false."""
    dispute = peer.need("dispute", id)
    if "evidence" in params and dispute["status"] not in OPEN:
        raise invalid(None, "This dispute is already closed", "dispute_already_closed")
    values: dict[str, Any] = {}
    if "metadata" in params:
        values["metadata"] = merged(dispute["metadata"], params["metadata"])
    if "evidence" in params:
        values["evidence"] = {**dispute["evidence"], **params["evidence"]}
    is_submitted = params.get("submit", "evidence" in params)
    if values.get("evidence", dispute["evidence"]) and is_submitted:
        details = dispute["evidence_details"]
        count = details["submission_count"] + 1
        values["evidence_details"] = {**details, "has_evidence": True, "submission_count": count}
        values["status"] = "warning_under_review" if "warning" in dispute["status"] else "under_review"
    amend(peer, dispute, values, "charge.dispute.updated")
    text = dispute["evidence"]["uncategorized_text"]
    if is_submitted and text in OUTCOMES:
        _end(peer, dispute, OUTCOMES[text])
    return dispute


def close(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Accept that the dispute is lost."""
    dispute = peer.need("dispute", id)
    if dispute["status"] not in OPEN:
        raise invalid(None, "This dispute is already closed", "dispute_already_closed")
    return _end(peer, dispute, "lost")


def _end(peer: Stripe, dispute: JsonObject, status: str) -> JsonObject:
    if dispute["balance_transactions"] and status == "won":
        charge = peer.store.get(dispute["charge"])
        back = charges.move(
            peer, charge, charge["amount"], "adjustment", source=dispute["id"], fee=-FEE, category="dispute_reversal"
        )
        dispute["balance_transactions"].append(back)
        emit(peer, "charge.dispute.funds_reinstated", dispute)
    status = "warning_closed" if "warning" in dispute["status"] else status
    return amend(peer, dispute, {"status": status}, "charge.dispute.closed")


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Disputes that pass the filters."""
    created = params.pop("created", None)
    return [dispute for dispute in peer.store.select("dispute", **params) if within(created, dispute["created"])]


ROUTES: Final = [
    Endpoint("GET", "/v1/disputes", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/disputes/{id}", retrieve),
    Endpoint("POST", "/v1/disputes/{id}", update, UPDATE),
    Endpoint("POST", "/v1/disputes/{id}/close", close),
]
