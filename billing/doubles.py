"""One workspace has one subscription: what came second is ended, and its money given back."""

from uuid import UUID

import stripe

from billing import actions, stripe_api
from billing.models import Entitlement
from billing.observation import OVER, Json
from tenants import audit
from tenants.scope import tenant_scope


def end(tenant_id: UUID, doubles: tuple[Json, ...]) -> None:
    """End these at Stripe. Calls Stripe: open no scope around this. Raises billing.errors.BillingError."""
    for subscription in doubles:
        with stripe_api.connected() as api:
            _settle(api, subscription)  # first: nobody comes back to one that is cancelled
            _cancel(api, subscription["id"])
        with tenant_scope(tenant_id):
            detail = f"{subscription['id']} was begun although there was one already."
            audit.record(actions.DOUBLE_ENDED, Entitlement.objects.get(), detail=detail)


def _settle(api: stripe.StripeClient, subscription: Json) -> None:
    """Give back what its invoice took, once, or void it while it is open.

    https://docs.stripe.com/api/invoice-payment/list
    """
    invoice = subscription.get("latest_invoice")
    if not invoice:
        return
    if api.v1.invoices.retrieve(invoice["id"]).status == "open":
        api.v1.invoices.void_invoice(invoice["id"])
    for payment in api.v1.invoice_payments.list({"invoice": invoice["id"], "status": "paid"}).data:
        intent = payment.payment.payment_intent
        if isinstance(intent, str):
            _refund(api, intent)


def _refund(api: stripe.StripeClient, intent: str) -> None:
    try:
        api.v1.refunds.create(
            {"payment_intent": intent, "reason": "duplicate"}, {"idempotency_key": f"double-{intent}"}
        )
    except stripe.InvalidRequestError as error:
        if error.code != "charge_already_refunded":  # by an earlier try, or by a hand
            raise


def _cancel(api: stripe.StripeClient, subscription_id: str) -> None:
    try:
        api.v1.subscriptions.cancel(subscription_id, {"prorate": False})
    except stripe.InvalidRequestError:
        if api.v1.subscriptions.retrieve(subscription_id).status not in OVER:  # by another sync meanwhile
            raise
