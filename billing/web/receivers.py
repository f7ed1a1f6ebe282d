"""What Stripe's events start: a note in our database and a task. No network, no trust in what an event says."""

import logging
from typing import Any

from django.dispatch import receiver

from billing.stripe.events import EventNotice
from billing.sync import entitlement, mirror
from billing.sync.event_inbox import event_kept
from billing.tasks import sync_subscription
from tenants.scope import tenant_scope
from tenants.tasks import wake_on_commit

log = logging.getLogger(__name__)


@receiver(event_kept)
def note(sender: type[EventNotice], notice: EventNotice, **kwargs: Any) -> None:
    """Have the workspace of the event's customer synced. Customers who are not ours are skipped."""
    tenant_id = mirror.tenant_of(notice.customer_id) if notice.customer_id else None
    if tenant_id is None:
        log.info("Event %s (%s) is not about a customer of ours.", notice.id, notice.type)
        return
    with tenant_scope(tenant_id):
        entitlement.request_sync(notice.type)
        wake_on_commit(sync_subscription, tenant_id)
