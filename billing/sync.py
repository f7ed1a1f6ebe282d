"""Bringing our row to what Stripe says now: lock it, then ask, then save.

The lock comes first. Whoever asked before waiting for the lock would write down what was true before the one who held
it: a stale number of seats. So this is the one place where a transaction waits for Stripe, at most some seconds.
"""

import logging
from uuid import UUID

import stripe
from django.db import IntegrityError, transaction
from django.utils import timezone
from djstripe import models as mirror

from billing import actions, notices, observation, standing, stripe_api
from billing.errors import UnknownPriceError
from billing.models import Drift, Entitlement, SyncRequest
from billing.observation import Json, Observation
from billing.standing import Standing
from tenants import audit
from tenants.audit import Changes
from tenants.scope import tenant_scope

log = logging.getLogger(__name__)

NOT_AUDITED = frozenset({"clock_ahead", "next_invoice_usd", "next_invoice_at", "pay_url"})
"""What moves by itself and says nothing new."""


def ensure() -> Entitlement:
    """The row of the open scope's workspace, made if there is none."""
    found = Entitlement.objects.first()
    if found:
        return found
    try:
        with transaction.atomic():
            return Entitlement.objects.create()
    except IntegrityError:  # made meanwhile
        return Entitlement.objects.get()


def locked() -> Entitlement:
    """The same, locked until the scope ends: whoever changes what we have at Stripe comes one after the other."""
    return Entitlement.objects.select_for_update(no_key=True).get(id=ensure().id)


def sync(tenant_id: UUID) -> Standing:
    """What holds for the workspace now, by Stripe's word. Open no scope around this.

    A price that the catalogue does not know changes nothing and is shown to staff. Raises billing.errors.BillingError
    if Stripe cannot be asked.
    """
    with tenant_scope(tenant_id):
        entitlement = locked()
        if not entitlement.customer_id:
            return standing.current()
        requests = list(SyncRequest.objects.all())
        doubles = _look(entitlement, {each.reason for each in requests})
        SyncRequest.objects.filter(id__in=[each.id for each in requests]).delete()
        after = standing.current()
    _end_doubles(tenant_id, doubles)
    notices.send(tenant_id)
    return after


def _look(entitlement: Entitlement, reasons: set[str]) -> tuple[Json, ...]:
    """Ask and save; returns subscriptions that should not be."""
    try:
        seen = observation.observe(entitlement.customer_id)
    except UnknownPriceError as error:
        refuse(str(error))
        return ()
    save(entitlement, seen)
    notices.plan(entitlement, seen.subscription, reasons)
    return seen.doubles


def save(entitlement: Entitlement, seen: Observation) -> Changes:
    """Write down what was seen; returns and audits what is different. Inside the scope, with the row locked."""
    changes = differences(entitlement, seen)
    for name, value in seen.fields.items():
        setattr(entitlement, name, value)
    entitlement.synced_at = timezone.now()
    entitlement.save()
    if seen.original is not None:
        mirror.Subscription.sync_from_stripe_data(seen.original)
    if changes:
        audit.record(actions.SUBSCRIPTION_CHANGED, entitlement, changes=changes)
    return changes


def differences(entitlement: Entitlement, seen: Observation) -> Changes:
    """Where our row and Stripe say different things."""
    names = [name for name in seen.fields if name not in NOT_AUDITED]
    before = audit.snapshot(entitlement, names)
    after = audit.snapshot(Entitlement(**seen.fields), names)
    return audit.difference(before, after)


def refuse(problem: str) -> None:
    """Leave everything as it is, and tell staff once."""
    log.error("A subscription cannot be read: %s", problem)
    if not Drift.objects.filter(problem=problem, repaired_at=None).exists():
        Drift.objects.create(problem=problem)


def _end_doubles(tenant_id: UUID, doubles: tuple[Json, ...]) -> None:
    """One workspace has one subscription: end what came second, and give its money back."""
    for subscription in doubles:
        with stripe_api.connected() as api:
            _refund(api, subscription)
            api.v1.subscriptions.cancel(subscription["id"], {"prorate": False})
        with tenant_scope(tenant_id):
            detail = f"{subscription['id']} was begun although there was one already."
            audit.record(actions.DOUBLE_ENDED, Entitlement.objects.get(), detail=detail)


def _refund(api: stripe.StripeClient, subscription: Json) -> None:
    """Give back what its invoice took. https://docs.stripe.com/api/invoice-payment/list"""
    invoice = subscription.get("latest_invoice")
    if not invoice or not invoice["amount_paid"]:
        return
    for payment in api.v1.invoice_payments.list({"invoice": invoice["id"], "status": "paid"}).data:
        intent = payment.payment.payment_intent
        if isinstance(intent, str):
            api.v1.refunds.create(
                {"payment_intent": intent, "reason": "duplicate"}, {"idempotency_key": f"double-{payment.id}"}
            )


def request(reason: str) -> None:
    """Note that something happened at Stripe, inside the scope; it waits for no sync that is under way."""
    SyncRequest.objects.create(reason=reason[:80])


def tenant_of(customer_id: str) -> UUID | None:
    """Whose customer this is by our own books, whatever its metadata says; needs no scope."""
    found = mirror.Customer.objects.filter(id=customer_id).values_list("subscriber_id", flat=True).first()
    return found if isinstance(found, UUID) else None
