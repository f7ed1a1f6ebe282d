"""The end of a workspace: leave the providers, then erase it from the database."""

import logging
from uuid import UUID

from django.db import connection as database
from django.utils import timezone

from billing.subscription import close_account
from channels.connections import credentials, health
from channels.models import Connection
from channels.providers.base import DeliveryError
from channels.providers.registry import provider_named
from channels.reasons import Cause
from tenants.encryption import UndecryptableError
from tenants.privacy import deletion
from tenants.scope import tenant_scope

log = logging.getLogger(__name__)


def close(tenant_id: UUID) -> None:
    """Leave the providers and erase the workspace, if its time has come. Calls providers: open no scope around this."""
    if deletion.due(timezone.now()).filter(id=tenant_id).exists():
        close_account.leave(tenant_id)
        leave_providers(tenant_id)
        deletion.erase(tenant_id)


def leave_providers(tenant_id: UUID) -> None:
    """Give every token back to its provider, as far as that works, then disconnect. Calls providers: open no scope."""
    with tenant_scope(tenant_id):
        found = list(Connection.objects.exclude(state=Connection.State.DISCONNECTED))
    database.close()
    for connection in found:
        try:
            provider_named(connection.provider).revoke(credentials.account_of(connection))
        except (DeliveryError, UndecryptableError) as error:
            log.warning("A token was not revoked at the provider, only erased here: %s", error)
        with tenant_scope(tenant_id):
            health.disconnect(connection, health.WORKSPACE_DELETED(), Cause.CLOSING)
