"""One workspace has one subscription: a second one is ended and refunded."""

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
from tenants.wordings import NOTHING, Reason, Wording

log = logging.getLogger(__name__)

SETTLED = frozenset({"charge_already_refunded", "charge_disputed"})
"""The money is on its way back: by an earlier try, by a person, or by the bank."""
BY_HAND = "to be settled by hand"
"""Marks a drift that staff have to settle."""
STARTED_TWICE = Wording(
    "billing.started_twice", _("%(subscription)s was started although there already was a subscription.")
)
NOT_REFUNDED = Wording(
    "billing.not_refunded",
    _(
        "%(subscription)s was started although there already was a subscription. Its invoice %(invoice)s needs to be "
        "settled by hand at Stripe: %(message)s"
    ),
)


def end(tenant_id: UUID, doubles: tuple[Json, ...]) -> None:
    """End these at Stripe. Calls Stripe: open no scope around this. Raises billing.errors.BillingError."""
    for subscription in doubles:
        with client.connected() as api:
            problem = _settle(api, subscription)  # first: nobody returns to a canceled one
            _cancel(api, subscription["id"])
        with tenant_scope(tenant_id):
            detail = STARTED_TWICE(subscription=subscription["id"])
            journal.record(actions.DOUBLE_ENDED, Entitlement.objects.get(), detail=detail)
            if problem:
                Drift.objects.create(problem=problem, differences={"double": [subscription["id"], BY_HAND]})


def _settle(api: stripe.StripeClient, subscription: Json) -> Reason:
    """Refund its paid invoice, once, or void it while it is open. Returns what is left for staff to do, or nothing.

    https://docs.stripe.com/api/invoice-payment/list
    """
    invoice = subscription.get("latest_invoice")
    if not invoice:
        return NOTHING
    try:
        if api.v1.invoices.retrieve(invoice["id"]).status == "open":
            api.v1.invoices.void_invoice(invoice["id"])
        for payment in api.v1.invoice_payments.list({"invoice": invoice["id"], "status": "paid"}).data:
            if isinstance(payment.payment.payment_intent, str):
                _refund(api, payment.payment.payment_intent)
    except stripe.InvalidRequestError as error:  # a final no: the renewal must still be stopped
        log.error("The double %s ends without its refund: %s", subscription["id"], error.code)  # noqa: TRY400
        said = error.user_message or error.code or ""
        return NOT_REFUNDED(subscription=subscription["id"], invoice=invoice["id"], message=said)
    return NOTHING


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
        if api.v1.subscriptions.retrieve(subscription_id).status not in OVER:  # another sync may have done it
            raise
