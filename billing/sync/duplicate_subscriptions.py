"""One workspace has one subscription: what came second is ended, and its money given back."""

import logging
from uuid import UUID

import stripe
from django.utils.translation import gettext_lazy as _

from billing import actions
from billing.models import Drift, Entitlement
from billing.stripe import client
from billing.stripe.reading import OVER, Json
from tenants.audit import journal
from tenants.scope import tenant_scope
from tenants.wordings import Wording

log = logging.getLogger(__name__)

SETTLED = frozenset({"charge_already_refunded", "charge_disputed"})
"""The money is on its way back: by an earlier try, by a hand, or by the bank."""
BY_HAND = "to be settled by hand"
DOUBLE = Wording("billing.double_ended", _("%(subscription)s was begun although there was one already."))


def end(tenant_id: UUID, doubles: tuple[Json, ...]) -> None:
    """End these at Stripe. Calls Stripe: open no scope around this. Raises billing.errors.BillingError."""
    for subscription in doubles:
        with client.connected() as api:
            problem = _settle(api, subscription)  # first: nobody comes back to one that is cancelled
            _cancel(api, subscription["id"])
        with tenant_scope(tenant_id):
            detail = DOUBLE(subscription=subscription["id"])
            journal.record(actions.DOUBLE_ENDED, Entitlement.objects.get(), detail=detail)
            if problem:
                left = {"double": [subscription["id"], BY_HAND]}
                Drift.objects.create(problem=f"{detail} {problem}"[:500], differences=left)


def _settle(api: stripe.StripeClient, subscription: Json) -> str:
    """Give back what its invoice took, once, or void it while it is open. What is left for staff to do, or "".

    https://docs.stripe.com/api/invoice-payment/list
    """
    invoice = subscription.get("latest_invoice")
    if not invoice:
        return ""
    try:
        if api.v1.invoices.retrieve(invoice["id"]).status == "open":
            api.v1.invoices.void_invoice(invoice["id"])
        for payment in api.v1.invoice_payments.list({"invoice": invoice["id"], "status": "paid"}).data:
            if isinstance(payment.payment.payment_intent, str):
                _refund(api, payment.payment.payment_intent)
    except stripe.InvalidRequestError as error:  # it refuses for good: what renews must end all the same
        log.error("The double %s ends without its refund: %s", subscription["id"], error.code)  # noqa: TRY400
        return f"Its invoice {invoice['id']} is to be settled by hand at Stripe: {error.user_message or error.code}"
    return ""


def _refund(api: stripe.StripeClient, intent: str) -> None:
    try:
        api.v1.refunds.create({"payment_intent": intent, "reason": "duplicate"})  # all of it, so never twice
    except stripe.InvalidRequestError as error:
        if error.code not in SETTLED:
            raise


def _cancel(api: stripe.StripeClient, subscription_id: str) -> None:
    try:
        api.v1.subscriptions.cancel(subscription_id, {"prorate": False})
    except stripe.InvalidRequestError:
        if api.v1.subscriptions.retrieve(subscription_id).status not in OVER:  # by another sync meanwhile
            raise
