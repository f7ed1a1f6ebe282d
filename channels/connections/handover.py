"""Moving an outside account to another workspace: the one that has it releases it, and another one takes it in time.

Until somebody takes it, it works as before. Neither workspace learns which one the other is.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels import actions
from channels.connections import health
from channels.models import Connection, Route
from channels.reasons import Cause
from tenants.audit import actor, journal
from tenants.models import AuditEvent
from tenants.scope import current_tenant_id, tenant_scope
from tenants.wordings import Wording

MOVED = Wording("channels.moved", _("Another workspace of Roster connected it, after it was released here."))


@dataclass(frozen=True)
class Release:
    """An account that another workspace may connect until then. by: who released it, as the trail names them."""

    at: datetime
    until: datetime
    by: str


def release(connection: Connection) -> None:
    """Let another workspace connect it for settings.CHANNEL_RELEASE_HOURS, inside the tenant's scope."""
    now = timezone.now()
    with transaction.atomic():
        until = now + timedelta(hours=settings.CHANNEL_RELEASE_HOURS)
        if _route(connection.id).update(released_at=now, released_until=until):
            changes = {"released_until": [None, until.isoformat()]}
            journal.record(actions.CHANNEL_RELEASED, connection, changes=changes)


def keep(connection: Connection) -> None:
    """No other workspace may connect it any more."""
    with transaction.atomic():
        released = _route(connection.id).filter(released_until__isnull=False)
        if released.update(released_at=None, released_until=None):
            journal.record(actions.CHANNEL_KEPT, connection)


def release_of(connection: Connection) -> Release | None:
    """The release that counts now, inside the tenant's scope; None if nobody else may connect it."""
    route = _route(connection.id).filter(released_until__gt=timezone.now()).first()
    if route is None or route.released_at is None or route.released_until is None:
        return None
    told = AuditEvent.objects.filter(action=actions.CHANNEL_RELEASED.name, target_id=str(connection.id))
    by = told.order_by("-at").values_list("actor_name", flat=True).first()
    return Release(route.released_at, route.released_until, by or "")


def take(connection: Connection) -> None:
    """If another workspace has released this outside account, end its connection there. Inside the taker's scope.

    There, its own trail says that it moved, and not who took it.
    """
    key = {"provider": connection.provider, "external_id": connection.external_id}
    released = Route.objects.filter(**key, released_until__gt=timezone.now()).exclude(tenant_id=current_tenant_id())
    route = released.first()
    if route is None:
        return
    with tenant_scope(route.tenant_id), actor.acting(actor.SYSTEM):
        theirs = Connection.objects.select_for_update(no_key=True).filter(id=route.connection_id).first()
        still = Route.objects.select_for_update().filter(id=route.id, released_until__gt=timezone.now())
        if theirs is not None and still.first():  # locked: whoever keeps it now is told that it went, or keeps it
            health.disconnect(theirs, MOVED(), Cause.MOVED, actions.CHANNEL_MOVED)


def _route(connection_id: UUID) -> QuerySet[Route]:
    return Route.objects.filter(connection_id=connection_id, tenant_id=current_tenant_id())
