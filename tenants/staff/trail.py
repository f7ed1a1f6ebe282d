"""Records what staff saw and did, in the transaction in which they did it."""

from typing import Any
from uuid import UUID

from django.db import models

from tenants.audit import journal
from tenants.audit.journal import Action, Changes
from tenants.models import AccountEvent, AuditEvent, Tenant, User
from tenants.staff.database import STAFF
from tenants.wordings import NOTHING, Reason


def note(
    action: Action,
    target: models.Model | None = None,
    *,
    tenant_id: UUID | None = None,
    changes: Changes | None = None,
    detail: Reason = NOTHING,
) -> None:
    """Add an entry to the trail of the target's workspace, or else to that of accounts."""
    entry: dict[str, Any] = journal.entry(action, target, changes or {}, detail)
    owner = tenant_id or tenant_of(target)
    if owner:
        AuditEvent.objects.using(STAFF).create(tenant_id=owner, **entry)
    else:
        account_id = target.pk if isinstance(target, User) else None
        AccountEvent.objects.using(STAFF).create(account_id=account_id, **entry)


def tenant_of(target: models.Model | None) -> UUID | None:
    """The workspace that a row belongs to, or is; None for rows of nobody, such as people's accounts."""
    return target.pk if isinstance(target, Tenant) else getattr(target, "tenant_id", None)
