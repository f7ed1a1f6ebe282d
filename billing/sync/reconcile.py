"""What closes the gaps: syncs that were requested and not done, and a nightly comparison with Stripe."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from billing import actions
from billing.models import Drift, Entitlement, Notice, SyncRequest
from billing.sync import entitlement
from tenants.audit import journal
from tenants.audit.journal import Changes
from tenants.jobs import sweeps
from tenants.scope import sweeper_scope

STALE = timedelta(seconds=15)
"""A sync takes a second or two; what waits longer got lost."""


def waiting() -> list[UUID]:
    """Workspaces that Stripe reported something about that no sync has seen."""
    with sweeper_scope():
        late = SyncRequest.objects.filter(requested_at__lte=timezone.now() - STALE)
        return sweeps.drawn(late.order_by().values_list("tenant_id", flat=True).distinct())


def unsent() -> list[UUID]:
    """Workspaces with planned mails that were not sent."""
    with sweeper_scope():
        late = Notice.objects.filter(sent_at=None, requested_at__lte=timezone.now() - STALE)
        return sweeps.drawn(late.order_by().values_list("tenant_id", flat=True).distinct())


def customers() -> list[UUID]:
    """Workspaces that have, or had, a customer at Stripe."""
    with sweeper_scope():
        return list(Entitlement.objects.exclude(customer_id="").values_list("tenant_id", flat=True))


def reconcile(tenant_id: UUID) -> Changes:
    """Compare with Stripe, repair, and keep what was different for staff to see. Open no scope around this.

    Returns the differences. What a webhook reported and no sync has done yet is not drift. Raises BillingError if
    Stripe cannot be asked.
    """
    entitlement.catch_up(tenant_id)
    found: Changes = {}

    def note(changes: Changes) -> None:
        found.update(changes)
        _note(changes)

    entitlement.sync(tenant_id, note)
    return found


def _note(found: Changes) -> None:
    """Save differences as repaired, and close what could not be read before, but not what staff have to settle."""
    now = timezone.now()
    if not Entitlement.objects.filter(is_foreign=True).exists():
        Drift.objects.filter(repaired_at=None, differences={}).update(repaired_at=now)
    if found:
        Drift.objects.create(differences=found, repaired_at=now)


def settle(drift_id: UUID) -> int:
    """Inside the scope: staff have dealt with it at Stripe. Returns how many were closed: 0 if it already was."""
    drift = Drift.objects.filter(id=drift_id, repaired_at=None).first()
    if drift is None:
        return 0
    Drift.objects.filter(id=drift_id).update(repaired_at=timezone.now())
    journal.record(actions.DRIFT_SETTLED, drift, detail=drift.problem)
    return 1
