"""Deliveries whose outcome was not seen: each is looked up, and sent again only where it is absent."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection as database
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels.connections import health
from channels.messages import consignment, deliver
from channels.messages.consignment import Dispatch
from channels.models import Connection, Delivery, Thread
from channels.providers.base import (
    DeliveryError,
    DeliveryNotNowError,
    DeliveryRefusedError,
    OutcomeUnknownError,
    Progress,
)
from channels.providers.registry import provider_named
from tenants.scope import tenant_scope
from tenants.wordings import Wording

log = logging.getLogger(__name__)

LOOK_UP_AFTER_SECONDS = 3
LOOK_UPS_FOR = timedelta(hours=1)
"""After this it stays unknown, for the operator to see."""
SENDER_ENDED = Wording("channels.sender_ended", _("The worker that was sending it ended."))


def look_up_and_send(tenant_id: UUID, thread_id: UUID) -> bool:
    """Look up a delivery, and send what is due then. True if something may wait for an answer there now."""
    look_up(tenant_id, thread_id)
    deliver.send_due(tenant_id, thread_id)
    return True


def look_up(tenant_id: UUID, thread_id: UUID) -> None:
    """Find out about a delivery whose outcome was not seen: look it up, and send again only what is absent."""
    dispatch = _next_unknown(tenant_id, thread_id)
    if dispatch is None:
        return
    database.close()
    try:
        external_id = dispatch.provider.find(dispatch.account, dispatch.message)
    except DeliveryNotNowError as error:
        log.info("Look-up of %s must wait: %s", dispatch.delivery_id, error)
    except DeliveryError as error:
        log.warning("Look-up of %s: %s", dispatch.delivery_id, error)
        _land_look_up_error(dispatch, error)
    else:
        _land_found(dispatch, external_id)


def _land_look_up_error(dispatch: Dispatch, error: DeliveryError) -> None:
    """A refused look-up says nothing about the message: it stays unknown."""
    deliver.land_error(dispatch, OutcomeUnknownError(error.reason))
    if isinstance(error, DeliveryRefusedError):
        with tenant_scope(dispatch.tenant_id):
            health.refused(Delivery.objects.get(id=dispatch.delivery_id).thread.connection_id, error)


def _land_found(dispatch: Dispatch, external_id: str | None) -> None:
    if external_id:
        deliver.land_sent(dispatch, external_id)
        dispatch.audience.show(Progress(Progress.What.DONE))
        return
    with tenant_scope(dispatch.tenant_id):
        delivery = deliver.ours(dispatch)
        if delivery:
            delivery.move(Delivery.State.PENDING, next_attempt_at=timezone.now(), unknown_since=None)


def _next_unknown(tenant_id: UUID, thread_id: UUID) -> Dispatch | None:
    with tenant_scope(tenant_id):
        now = timezone.now()
        deliveries = Delivery.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).select_related(
            "thread__connection", "thread__conversation__agent", "turn__run"
        )
        unseen = deliveries.filter(is_unseen(now), thread_id=thread_id).in_order()
        delivery = unseen.first()
        every = _looks_up_every(delivery.thread) if delivery else None
        if every is None:  # what is unknown already waits for the provider's word
            delivery = unseen.filter(state=Delivery.State.SENDING).first() if delivery else None
        if delivery is None:
            return None
        since = delivery.unknown_since or delivery.sending_since or now
        delivery.move(Delivery.State.UNKNOWN, unknown_since=since, error=delivery.error or SENDER_ENDED())
        may_look_up = every is not None and _may_look_up(delivery.thread.connection_id, now, every)
        return consignment.dispatch_of(delivery, is_last=False) if may_look_up else None


def _looks_up_every(thread: Thread) -> timedelta | None:
    return provider_named(thread.connection.provider).capabilities.looks_up_every


def is_unseen(now: datetime) -> Q:
    """Deliveries to look up: unknown for a moment, or in sending for longer than sending takes."""
    settled_down, given_up = now - timedelta(seconds=LOOK_UP_AFTER_SECONDS), now - LOOK_UPS_FOR
    unknown = Q(state=Delivery.State.UNKNOWN, unknown_since__lte=settled_down, unknown_since__gt=given_up)
    return unknown | Q(
        state=Delivery.State.SENDING, sending_since__lte=now - timedelta(seconds=deliver.SENDING_SECONDS)
    )


def _may_look_up(connection_id: UUID, now: datetime, every: timedelta) -> bool:
    """No more often than the provider allows for one connection."""
    waited = Q(looked_up_at=None) | Q(looked_up_at__lte=now - every)
    return bool(Connection.objects.filter(waited, id=connection_id).update(looked_up_at=now))
