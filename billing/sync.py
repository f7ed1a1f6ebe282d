"""Bringing our row to what Stripe says now: lock it, then ask, then save.

The lock comes first. Whoever asked before waiting for the lock would write down what was true before the one who held
it: a stale number of seats. So this is the one place where a transaction waits for Stripe, at most some seconds.
"""

import logging
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from djstripe import models as mirror

from billing import actions, cards, doubles, notices, observation, standing
from billing.errors import UnknownPriceError
from billing.models import Drift, Entitlement, SyncRequest
from billing.observation import Observation
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
    now, seen, is_other_card = _look(tenant_id)
    if seen is not None:
        doubles.end(tenant_id, seen.doubles)
        if cards.follow(seen, is_other=is_other_card):
            now, _, _ = _look(tenant_id)
    notices.send(tenant_id)
    return now


def _look(tenant_id: UUID) -> tuple[Standing, Observation | None, bool]:
    """Lock, ask, save: what holds, what was seen (None: nothing could be read), and whether the card is another."""
    with tenant_scope(tenant_id):
        entitlement = locked()
        if not entitlement.customer_id:
            return standing.current(), None, False
        requests = list(SyncRequest.objects.all())
        seen, changes = _ask(entitlement, {each.reason for each in requests})
        SyncRequest.objects.filter(id__in=[each.id for each in requests]).delete()
        return standing.current(), seen, "payment_method_id" in changes


def _ask(entitlement: Entitlement, reasons: set[str]) -> tuple[Observation | None, Changes]:
    try:
        seen = observation.observe(entitlement.customer_id)
    except UnknownPriceError as error:
        refuse(str(error))
        return None, {}
    changes = save(entitlement, seen)
    notices.plan(entitlement, seen.subscription, reasons)
    return seen, changes


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


def request(reason: str) -> None:
    """Note that something happened at Stripe, inside the scope; it waits for no sync that is under way."""
    SyncRequest.objects.create(reason=reason[:80])


def tenant_of(customer_id: str) -> UUID | None:
    """Whose customer this is by our own books, whatever its metadata says; needs no scope."""
    found = mirror.Customer.objects.filter(id=customer_id).values_list("subscriber_id", flat=True).first()
    return found if isinstance(found, UUID) else None
