"""What ends a connection: an operator, the provider, or a token that the provider no longer accepts."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.runs import steps
from channels import actions, reasons
from channels.connections import losses, recipients
from channels.models import Connection, Delivery, InboxEvent, Probe, Route
from channels.providers.base import DeliveryRefusedError
from channels.reasons import Cause
from tenants.audit import actor, journal
from tenants.audit.journal import Action
from tenants.scope import current_tenant_id
from tenants.wordings import NOTHING, Reason, Wording

AUDITED = ("provider", "external_id", "name", "scopes", "state")
IN_THE_PORTAL = Wording("channels.disconnected", _("Disconnected here in the portal."))
THROUGH_THE_API = Wording("channels.disconnected_by_api", _("Disconnected through the API."))
WORKSPACE_DELETED = Wording("channels.workspace_deleted", _("The workspace is being deleted."))
REMOVED = Wording("channels.removed", _("%(name)s removed the app. Connect it again to go on."))


def disconnect(
    connection: Connection,
    reason: Reason,
    cause: Cause = Cause.DISCONNECTED,
    action: Action = actions.CHANNEL_DISCONNECTED,
) -> None:
    """Erase the token and its own secrets, free the outside account for others, and cancel what was queued.

    reason: for the trail and staff; cause: the same for pages.
    """
    with transaction.atomic():
        before = journal.snapshot(connection, AUDITED)
        connection.erase_credentials()
        connection.state, connection.error, connection.cause = Connection.State.DISCONNECTED, reason, cause
        connection.lost_at = connection.lost_at or timezone.now()
        connection.save(update_fields=["token", "secrets", "state", "error", "cause", "lost_at"])
        Route.objects.filter(connection_id=connection.id, tenant_id=current_tenant_id()).delete()
        Probe.objects.filter(connection=connection).delete()
        losses.take_back(connection)
        _cancel_queued(connection, reason, cause)
        changes = journal.difference(before, journal.snapshot(connection, AUDITED))
        if changes:
            journal.record(action, connection, changes=changes, detail=reason)
        transaction.on_commit(recipients.forget_known)


def _cancel_queued(connection: Connection, reason: Reason, cause: Cause) -> None:
    """End what waits, what is being answered (its worker is fenced off, its call settled) and what is to be sent."""
    for thread in connection.threads.select_for_update(no_key=True).filter(leased_until__isnull=False):
        thread.overtake()
        steps.abandon(thread.conversation)
    waiting = Delivery.objects.filter(thread__connection=connection, state=Delivery.State.PENDING)
    waiting.update(state=Delivery.State.FAILED, error=reason, cause=cause)
    events = InboxEvent.objects.filter(connection=connection, state__in=InboxEvent.UNFINISHED)
    events.update(state=InboxEvent.State.FAILED, reason=reason, cause=cause, finished_at=timezone.now())


def ended_at_provider(connection: Connection, at: datetime | None) -> None:
    """The provider says that the app was removed. News older than a new installation is ignored."""
    if at is None or at >= connection.connected_at.replace(microsecond=0):
        disconnect(connection, REMOVED(name=connection.name), Cause.REMOVED, actions.CHANNEL_ENDED)


def refused(connection_id: UUID, error: DeliveryRefusedError) -> None:
    """The provider refused a call; if it no longer accepts the token, the operator has to connect again."""
    if error.breaks_connection:
        broke(connection_id, error.reason, reasons.cause_of(error))


def broke(connection_id: UUID, reason: Reason, cause: str) -> None:
    """Nobody gets an answer there any more: note it and mail who can act, once until it is well again."""
    with transaction.atomic():
        active = Connection.objects.filter(id=connection_id, state=Connection.State.ACTIVE)
        lost = {"cause": cause, "lost_at": timezone.now()}
        if active.update(state=Connection.State.BROKEN, error=reason, **lost):
            changes = {"state": [Connection.State.ACTIVE, Connection.State.BROKEN]}
            broken = Connection.objects.select_related("tenant").get(id=connection_id)
            with actor.acting(actor.SYSTEM):
                journal.record(actions.CHANNEL_BROKEN, broken, changes=changes, detail=reason)
            losses.mail(broken)


def recovered(connection_id: UUID) -> None:
    """It works again, without anybody having connected it again."""
    with transaction.atomic():
        broken = Connection.objects.select_for_update(no_key=True).filter(
            id=connection_id, state=Connection.State.BROKEN
        )
        found = broken.first()
        if found is None:
            return
        losses.take_back(found)
        changes = {"state": [Connection.State.BROKEN, Connection.State.ACTIVE]}
        broken.update(state=Connection.State.ACTIVE, error=NOTHING, cause="", lost_at=None)
        with actor.acting(actor.SYSTEM):
            journal.record(actions.CHANNEL_WELL, found, changes=changes)


def lacks(connection: Connection, scope: str) -> None:
    """The provider refused something for want of this permission: it is not asked for with that again."""
    locked = Connection.objects.select_for_update(no_key=True).get(id=connection.id)
    locked.scopes = ",".join(each for each in locked.scopes.split(",") if each.strip() != scope)
    locked.save(update_fields=["scopes"])
    connection.scopes = locked.scopes
