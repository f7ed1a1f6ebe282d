"""Bringing our row in line with Stripe: lock it, then ask, then save.

The lock comes first. Asking Stripe before waiting for the lock would save what was true before the other holder's
change: a stale number of seats. So here, and in billing.subscription, a transaction waits some seconds for Stripe.
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
from tenants.wordings import Reason

log = logging.getLogger(__name__)

NOT_AUDITED = frozenset(
    {"clock_ahead", "next_invoice_usd", "next_invoice_at", "pay_url", "customer_card_id", "subscription_card_id"}
)
"""What changes by itself and is not news."""
FOLLOW_UP, NEW_CARD = "follow-up", "new card"
"""Our own reasons for a sync: something is still to be done at Stripe, or a card still has to pay an open invoice."""
OUR_CHANGE, NO_ANSWER, BY_STAFF, RETURNED = "our change", "no answer", "by staff", "return"
"""More of them: we changed something, Stripe did not answer, staff asked for it, somebody came back from Stripe."""


def ensure() -> Entitlement:
    """The row of the open scope's workspace, made if there is none."""
    found = Entitlement.objects.first()
    if found:
        return found
    try:
        with transaction.atomic():
            return Entitlement.objects.create()
    except IntegrityError:  # made by somebody else
        return Entitlement.objects.get()


def locked() -> Entitlement:
    """The same, locked until the scope ends: changes at Stripe are made one after the other."""
    return Entitlement.objects.select_for_update(no_key=True).get(id=ensure().id)


def sync(tenant_id: UUID, tell: Callable[[Changes], None] = lambda changes: None) -> Standing:
    """The workspace's current standing, by Stripe's word. Open no scope around this.

    tell: called with what was different, in the transaction that saves it. If our price was replaced with one that is
    not in the catalogue, seats stay as they were, and staff see it. Raises billing.errors.BillingError if Stripe cannot
    be asked.
    """
    look = _look(tenant_id, tell)
    try:
        if _follow(tenant_id, look):
            look = _look(tenant_id)
    except BillingError as error:  # what was saved stays, and the sweep tries again
        log.warning("A follow-up at Stripe after a sync is not done yet: %s", error)
    if look.seen is not None:
        mirror.copy(look.seen)
    notices.send(tenant_id)
    return look.standing


def after_change(tenant_id: UUID) -> Standing:
    """The same after a change at Stripe. The change counts, even if Stripe cannot be asked about it right now."""
    try:
        return sync(tenant_id)
    except BillingError as error:
        log.warning("The result of a change is not known yet: %s", error)
        with tenant_scope(tenant_id):
            request_sync(OUR_CHANGE)
            return standing.current()


def catch_up(tenant_id: UUID) -> None:
    """The same, unless an earlier sync has seen everything: one sync is enough for events that come together."""
    with tenant_scope(tenant_id):
        is_asked_for = SyncRequest.objects.exists()
    if is_asked_for:
        sync(tenant_id)


@dataclass(frozen=True)
class _Look:
    """The standing, and what was seen (None: nothing could be read).

    follow_up: the request that reminds us of what is to be done about it at Stripe, until it is done.
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
        refuse(UnknownPriceError(seen.strange_price).reason)
    changes = save(entitlement, seen)
    notices.plan(entitlement, seen)
    return seen, changes


def _follow_up(seen: Observation, *, has_new_card: bool) -> UUID | None:
    """Note what is to be done at Stripe, so that it is retried if it fails."""
    pays = has_new_card and cards.has_to_pay(seen)
    if not (seen.doubles or seen.forgotten_card or pays):
        return None
    return SyncRequest.objects.create(reason=NEW_CARD if pays else FOLLOW_UP).id


def _follow(tenant_id: UUID, look: _Look) -> bool:
    """Do it. Returns whether anything changed at Stripe."""
    if look.seen is None or look.follow_up is None:
        return False
    duplicate_subscriptions.end(tenant_id, look.seen.doubles)
    is_changed = cards.follow(look.seen, is_other=look.has_new_card)
    with tenant_scope(tenant_id):
        SyncRequest.objects.filter(id=look.follow_up).delete()
    return is_changed


def save(entitlement: Entitlement, seen: Observation) -> Changes:
    """Save what was seen; returns and audits what is different. Inside the scope, with the row locked."""
    changes = differences(entitlement, seen)
    for name, value in seen.fields.items():
        setattr(entitlement, name, value)
    entitlement.synced_at = timezone.now()
    entitlement.save()
    if changes:
        journal.record(actions.SUBSCRIPTION_CHANGED, entitlement, changes=changes)
    return changes


def differences(entitlement: Entitlement, seen: Observation) -> Changes:
    """Where our row and Stripe disagree."""
    names = [name for name in seen.fields if name not in NOT_AUDITED]
    before = journal.snapshot(entitlement, names)
    after = journal.snapshot(Entitlement(**seen.fields), names)
    return journal.difference(before, after)


def refuse(problem: Reason) -> None:
    """We do not know what was sold, so seats stay as they are: tell staff once."""
    log.error("A subscription cannot be read: %s", problem)
    if not Drift.objects.filter(problem=problem, repaired_at=None).exists():
        Drift.objects.create(problem=problem)


def request_sync(reason: str) -> None:
    """Note that something happened at Stripe, inside the scope, without waiting for a sync in progress.

    reason: the event's type, or a code from above.
    """
    SyncRequest.objects.create(reason=reason[:80])
