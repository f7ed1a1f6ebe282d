"""One workspace has one subscription: what came second is ended, and its money given back."""

from uuid import UUID

import stripe

from billing import actions, stripe_api
from billing.models import Entitlement
from billing.observation import Json
from tenants import audit
from tenants.scope import tenant_scope


def end(tenant_id: UUID, doubles: tuple[Json, ...]) -> None:
    """End these at Stripe. Calls Stripe: open no scope around this. Raises billing.errors.BillingError."""
    for subscription in doubles:
        with stripe_api.connected() as api:
            _refund(api, subscription)
            _cancel(api, subscription["id"])
        with tenant_scope(tenant_id):
            detail = f"{subscription['id']} was begun although there was one already."
            audit.record(actions.DOUBLE_ENDED, Entitlement.objects.get(), detail=detail)


def _refund(api: stripe.StripeClient, subscription: Json) -> None:
    """Give back what its invoice took, once. https://docs.stripe.com/api/invoice-payment/list"""
    invoice = subscription.get("latest_invoice")
    if not invoice or not invoice["amount_paid"]:
        return
    for payment in api.v1.invoice_payments.list({"invoice": invoice["id"], "status": "paid"}).data:
        intent = payment.payment.payment_intent
        if isinstance(intent, str):
            api.v1.refunds.create(
                {"payment_intent": intent, "reason": "duplicate"}, {"idempotency_key": f"double-{payment.id}"}
            )


def _cancel(api: stripe.StripeClient, subscription_id: str) -> None:
    try:
        api.v1.subscriptions.cancel(subscription_id, {"prorate": False})
    except stripe.InvalidRequestError:
        if api.v1.subscriptions.retrieve(subscription_id).status != "canceled":  # by another sync meanwhile
            raise
