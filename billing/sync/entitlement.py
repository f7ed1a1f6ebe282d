"""Bringing our row to what Stripe says now: lock it, then ask, then save.

The lock comes first. Whoever asked before waiting for the lock would write down what was true before the one who held
it: a stale number of seats. So here, and in billing.subscription, a transaction waits for Stripe, at most some seconds.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from billing import actions, standing
from billing.errors import BillingError, UnknownPriceError
from billing.models import Drift, Entitlement, SyncRequest
from billing.standing import Standing
from billing.stripe import client, reading
from billing.stripe.reading import Observation
from billing.sync import cards, duplicate_subscriptions, mirror, notices
from tenants.audit import journal
from tenants.audit.journal import Changes
from tenants.scope import tenant_scope

log = logging.getLogger(__name__)

NOT_AUDITED = frozenset(
    {"clock_ahead", "next_invoice_usd", "next_invoice_at", "pay_url", "customer_card_id", "subscription_card_id"}
)
"""What moves by itself and says nothing new."""
FOLLOW_UP, NEW_CARD = "follow-up", "new card"
"""Reasons of ours for a sync: something is still to be done at Stripe, or a card is still to pay an open invoice."""


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


def sync(tenant_id: UUID, tell: Callable[[Changes], None] = lambda changes: None) -> Standing:
    """What holds for the workspace now, by Stripe's word. Open no scope around this.

    tell: called with what was different, in the transaction that saves it. Where a price that the catalogue does not
    know stands in the place of ours, seats stay as they were, and it is shown to staff. Raises
    billing.errors.BillingError if Stripe cannot be asked.
    """
    look = _look(tenant_id, tell)
    try:
        if _follow(tenant_id, look):
            look = _look(tenant_id)
    except BillingError as error:  # what is noted holds, and the sweep tries again
        log.warning("What was to be done at Stripe after a sync is not done yet: %s", error)
    if look.seen is not None:
        mirror.copy(look.seen)
    notices.send(tenant_id)
    return look.standing


def after_change(tenant_id: UUID) -> Standing:
    """The same after something was changed at Stripe: it is done, also if Stripe does not tell at once what holds."""
    try:
        return sync(tenant_id)
    except BillingError as error:
        log.warning("What a change has come to is not known yet: %s", error)
        with tenant_scope(tenant_id):
            request_sync("a change of ours")
            return standing.current()


def catch_up(tenant_id: UUID) -> None:
    """The same, unless an earlier sync has seen all that was asked for: of events that come together one is enough."""
    with tenant_scope(tenant_id):
        is_asked_for = SyncRequest.objects.exists()
    if is_asked_for:
        sync(tenant_id)


@dataclass(frozen=True)
class _Look:
    """What holds, and what was seen (None: nothing could be read).

    follow_up: the request that stands for what has to be done about it at Stripe, until it is done.
    """

    standing: Standing
    seen: Observation | None = None
    has_new_card: bool = False
    follow_up: UUID | None = None


def _look(tenant_id: UUID, tell: Callable[[Changes], None] = lambda changes: None) -> _Look:
    """Lock, ask, save."""
    with client.turn(), tenant_scope(tenant_id):
        entitlement = locked()
        if not entitlement.customer_id:
            return _Look(standing.current())
        requests = list(SyncRequest.objects.all())
        seen, changes = _ask(entitlement)
        SyncRequest.objects.filter(id__in=[each.id for each in requests]).delete()
        tell(changes)
        has_new_card = "payment_method_id" in changes or NEW_CARD in {each.reason for each in requests}
        return _Look(standing.current(), seen, has_new_card, _follow_up(seen, has_new_card=has_new_card))


def _ask(entitlement: Entitlement) -> tuple[Observation, Changes]:
    seen = reading.observe(entitlement)
    if seen.strange_price:
        refuse(str(UnknownPriceError(seen.strange_price)))
    changes = save(entitlement, seen)
    notices.plan(entitlement, seen)
    return seen, changes


def _follow_up(seen: Observation, *, has_new_card: bool) -> UUID | None:
    """Note what is to be done at Stripe, so that it is tried again if it fails."""
    pays = has_new_card and cards.has_to_pay(seen)
    if not (seen.doubles or seen.forgotten_card or pays):
        return None
    return SyncRequest.objects.create(reason=NEW_CARD if pays else FOLLOW_UP).id


def _follow(tenant_id: UUID, look: _Look) -> bool:
    """Do it; has anything changed at Stripe?"""
    if look.seen is None or look.follow_up is None:
        return False
    duplicate_subscriptions.end(tenant_id, look.seen.doubles)
    is_changed = cards.follow(look.seen, is_other=look.has_new_card)
    with tenant_scope(tenant_id):
        SyncRequest.objects.filter(id=look.follow_up).delete()
    return is_changed


def save(entitlement: Entitlement, seen: Observation) -> Changes:
    """Write down what was seen; returns and audits what is different. Inside the scope, with the row locked."""
    changes = differences(entitlement, seen)
    for name, value in seen.fields.items():
        setattr(entitlement, name, value)
    entitlement.synced_at = timezone.now()
    entitlement.save()
    if changes:
        journal.record(actions.SUBSCRIPTION_CHANGED, entitlement, changes=changes)
    return changes


def differences(entitlement: Entitlement, seen: Observation) -> Changes:
    """Where our row and Stripe say different things."""
    names = [name for name in seen.fields if name not in NOT_AUDITED]
    before = journal.snapshot(entitlement, names)
    after = journal.snapshot(Entitlement(**seen.fields), names)
    return journal.difference(before, after)


def refuse(problem: str) -> None:
    """What is sold is not known, so seats stay: tell staff once."""
    log.error("A subscription cannot be read: %s", problem)
    if not Drift.objects.filter(problem=problem, repaired_at=None).exists():
        Drift.objects.create(problem=problem)


def request_sync(reason: str) -> None:
    """Note that something happened at Stripe, inside the scope; it waits for no sync that is under way."""
    SyncRequest.objects.create(reason=reason[:80])
