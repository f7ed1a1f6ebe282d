"""Stripe's events: kept as they come, mirrored by a worker, deleted after a while.

dj-stripe's own webhook view mirrors inside the request: it fetches the event's object, and what that refers to, from
Stripe within one transaction. Here the request only keeps the event, as a WebhookEventTrigger, and a worker hands it to
dj-stripe's Event.process, which is idempotent by the event's id. Postgres knows what is due; the broker only wakes
the worker.
"""

import logging
import traceback
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.dispatch import Signal
from django.utils import timezone
from djstripe.models import Event, WebhookEndpoint, WebhookEventTrigger

from billing.stripe import client, events
from billing.stripe.events import EventNotice
from billing.sync.mirror import forget_customer, tenant_of
from tenants import encryption

log = logging.getLogger(__name__)

event_kept = Signal()
"""Sent with `notice` (billing.stripe.events.EventNotice) in the transaction that keeps an event. Its receivers only
wake tasks: what has to be quick neither waits for the mirror nor fails with it."""

FIRST_PAUSE = timedelta(seconds=20)
"""After this, a waiting event is tried again; later, after a quarter of its age."""
GIVEN_UP_AFTER = timedelta(days=3)
"""By then the nightly reconcile has seen everything. Stripe repeats deliveries for just as long."""
ARRIVALS_KEPT = timedelta(days=7)
FAILURES_KEPT = timedelta(days=30)
EVENTS_KEPT = timedelta(days=45)
"""Longer than Stripe can resend an event (30 days), so that each is mirrored once."""
ROWS_AT_ONCE = 1_000
AT_ONCE = 4
slots = BoundedSemaphore(AT_ONCE)
"""dj-stripe holds a transaction while it fetches: however many events come in the first minutes of a month, and however
slow Stripe is, a process keeps most of its connections for other work."""


def endpoint_of(uuid: UUID) -> WebhookEndpoint | None:
    """The webhook endpoint with this id in its address."""
    return WebhookEndpoint.objects.select_related("djstripe_owner_account").filter(djstripe_uuid=uuid).first()


def secret_of(endpoint: WebhookEndpoint) -> str:
    """What signs the endpoint's events; "" if it is not known. Raises UndecryptableError."""
    return encryption.decrypt(endpoint.secret) if endpoint.secret else ""


def is_mirrored(event_id: str) -> bool:
    """Was this event mirrored before?"""
    return bool(Event.objects.filter(id=event_id).exists())


def keep(notice: EventNotice, body: str, endpoint: WebhookEndpoint, remote_ip: str) -> int:
    """Store a verified event, inside a transaction. Returns the id to wake the worker with."""
    kept = WebhookEventTrigger.objects.create(
        remote_ip=remote_ip,
        headers={},
        body=body,
        valid=True,
        stripe_trigger_account=endpoint.djstripe_owner_account,
        webhook_endpoint=endpoint,
    )
    event_kept.send(sender=EventNotice, notice=notice)
    return int(kept.id)


def mirror(arrival_id: int) -> bool:
    """Let dj-stripe fetch and store what a kept event is about. Safe to repeat; open no transaction around this.

    A failure is noted, and the sweep tries again. False if enough of them are in progress: call again later.
    """
    if not slots.acquire(blocking=False):
        return False
    try:
        _mirror(arrival_id)
    finally:
        slots.release()
    return True


def _mirror(arrival_id: int) -> None:
    arrival = WebhookEventTrigger.objects.filter(id=arrival_id, valid=True, processed=False).first()
    if arrival is None:
        return
    try:
        customer_id = _customer_of(arrival)
        if not _is_ours(customer_id):
            arrival.delete()
            return
        arrival.process(api_key=settings.STRIPE_SECRET_KEY)
        if not _is_ours(customer_id):  # its workspace was deleted in the meantime
            forget_customer(str(customer_id))
    except Exception as error:  # noqa: BLE001 - Stripe's and Postgres' errors, and what dj-stripe's models raise
        log.warning("An event of Stripe could not be mirrored yet: %s: %s", type(error).__name__, error)
        arrival.event, arrival.processed = None, False
        arrival.exception = _storable(f"{type(error).__name__}: {error}")[:128]
        arrival.traceback = _storable(traceback.format_exc())
        arrival.save()


def _storable(text: str) -> str:
    """Without what Postgres cannot store: an error may repeat Stripe's answer, or anything else."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def _customer_of(arrival: WebhookEventTrigger) -> str | None:
    """Whom a kept event is about: a customer's id, "" if it does not say, None if it is about nobody."""
    notice = events.read(arrival.body)
    if not notice.is_about_somebody:
        return None
    if notice.charge_id:
        with client.connected() as api:
            return str(api.v1.charges.retrieve(notice.charge_id).customer or "")
    return notice.customer_id


def _is_ours(customer_id: str | None) -> bool:
    """We store nothing about other people's customers, or about workspaces that are gone."""
    return customer_id is None or tenant_of(customer_id) is not None


def waiting() -> "QuerySet[WebhookEventTrigger]":
    """Kept events that are not mirrored, including those we gave up on."""
    found: QuerySet[WebhookEventTrigger] = WebhookEventTrigger.objects.filter(valid=True, processed=False)
    return found


def due(now: datetime) -> list[int]:
    """The ids of kept events whose next attempt is due."""
    rows = waiting().filter(created__gt=now - GIVEN_UP_AFTER, updated__lt=now - FIRST_PAUSE)
    pauses = rows.order_by("id").values_list("id", "created", "updated")
    return [row_id for row_id, created, updated in pauses if now - updated > (now - created) / 4]


def forget(now: datetime) -> int:
    """Delete what is no longer needed, and return how many rows. Stripe keeps all of it."""
    arrivals = WebhookEventTrigger.objects
    return sum(
        _delete(rows)
        for rows in (
            arrivals.filter(processed=True, created__lt=now - ARRIVALS_KEPT),
            arrivals.filter(created__lt=now - FAILURES_KEPT),
            Event.objects.filter(djstripe_created__lt=now - EVENTS_KEPT),
        )
    )


def _delete(rows: "QuerySet[WebhookEventTrigger] | QuerySet[Event]") -> int:
    """A thousand rows at a time, so that no lock is held for long."""
    deleted = 0
    while keys := list(rows.values_list("pk", flat=True)[:ROWS_AT_ONCE]):
        deleted += rows.model.objects.filter(pk__in=keys).delete()[0]
    return deleted


def oldest_wait() -> timedelta | None:
    """How long the oldest unmirrored event has been waiting; None if there is none."""
    first = waiting().order_by("created").values_list("created", flat=True).first()
    return timezone.now() - first if first else None
