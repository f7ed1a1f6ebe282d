"""Deleting a workspace: an owner asks for it, can take it back within days of grace, then it is erased row by row.

What to erase is read from Postgres' catalogue: every table with a column tenant_id, future ones too. What stays is one
AccountEvent without content, and what people did with their own accounts.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from graphlib import TopologicalSorter
from typing import cast
from uuid import UUID

from django.db import IntegrityError, OperationalError, connection
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.audit import actions, journal
from tenants.mail import notices, outbox
from tenants.models import Mail, Tenant, User
from tenants.privacy import grace
from tenants.scope import tenant_scope
from tenants.wordings import Wording

log = logging.getLogger(__name__)

ROWS_AT_ONCE = 1_000
MOST_TRIES = 20
"""Somebody else who writes at the same moment may win; after so many tries the next hour goes on."""
WARNED_BEFORE = timedelta(days=3)
STATE = (
    "deletes_at", "deletion_requested_at", "deletion_requested_by_id", "deletion_announced_at", "deletion_warned_at",
)  # fmt: skip
ERASED = Wording(
    "tenants.workspace_erased",
    _("Account %(account)s asked for it at %(at)s. Workspace %(workspace)s had %(rows)d rows in %(tables)d tables."),
)
ASKED_BY = _(
    "%(who)s asked to delete %(workspace)s. The workspace and everything in it will be erased on %(when)s UTC. Its AI "
    "employees have stopped answering. Until then you can export everything or keep the workspace here:"
)
ASKED = _(
    "An owner asked to delete %(workspace)s. The workspace and everything in it will be erased on %(when)s UTC. Its AI "
    "employees have stopped answering. Until then you can export everything or keep the workspace here:"
)
LAST_CHANCE = _(
    "This is about %(workspace)s. The workspace and everything in it will be erased on %(when)s UTC. This is your last "
    "chance to keep it:"
)
LAST = "tenants_membership"
"""Goes together with the workspace's own row: it tells whom to mail."""

TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND a.attname = 'tenant_id' AND NOT a.attisdropped
"""
REFERENCES = """
    SELECT DISTINCT child.relname, parent.relname FROM pg_constraint f
      JOIN pg_class child ON child.oid = f.conrelid JOIN pg_class parent ON parent.oid = f.confrelid
     WHERE f.contype = 'f' AND child.oid <> parent.oid
"""


class NotNowError(Exception):
    """The workspace is being erased, or nobody asked for it."""


def request(tenant: Tenant, by: User) -> Tenant:
    """Begin the days of grace, inside the tenant's scope. AI employees stop answering at once (billing.quota)."""
    kept = Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)
    if kept.deletes_at:
        return kept
    now = timezone.now()
    kept.deletion_requested_at, kept.deletion_requested_by_id = now, by.id
    kept.deletes_at = now + grace.period()
    kept.deletion_announced_at = kept.deletion_warned_at = None
    _save(kept)
    journal.record(actions.DELETION_REQUESTED, kept, changes={"deletes_at": [None, str(kept.deletes_at)]})
    return kept


def keep(tenant: Tenant) -> Tenant:
    """Take the request back, inside the tenant's scope. Raises NotNowError once erasing may have begun."""
    kept = Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)
    if kept.deletes_at is None:
        return kept
    if kept.deletes_at <= timezone.now():
        raise NotNowError(gettext("The workspace is already being erased: it is too late to keep it."))
    before, asked_at = str(kept.deletes_at), str(kept.deletion_requested_at)
    for name in STATE:
        setattr(kept, name, None)
    _save(kept)
    for kind in (Mail.Kind.DELETION_ANNOUNCED, Mail.Kind.DELETION_WARNED):
        outbox.drop(kind, asked_at)
    journal.record(actions.DELETION_CANCELLED, kept, changes={"deletes_at": [before, None]})
    return kept


def _save(tenant: Tenant) -> None:
    tenant.save(update_fields=STATE)


def to_announce() -> QuerySet[Tenant]:
    """Workspaces for whose owners no mail is planned yet that says that the days of grace have begun."""
    return Tenant.objects.filter(deletes_at__isnull=False, deletion_announced_at=None)


def announce(tenant_id: UUID) -> None:
    """Tell owners and contact that the days of grace have begun, once. Open no scope around this."""
    with tenant_scope(tenant_id):
        if to_announce().filter(id=tenant_id).update(deletion_announced_at=timezone.now()):
            tenant = Tenant.objects.get(id=tenant_id)
            text = str(ASKED_BY if _who_asked(tenant) else ASKED)
            _plan(tenant, Mail.Kind.DELETION_ANNOUNCED, gettext("A workspace of yours will be deleted"), text)
    outbox.send_due(tenant_id)


def _who_asked(tenant: Tenant) -> User | None:
    """Their account, unless it is gone by now."""
    asked_by = tenant.deletion_requested_by_id
    return User.objects.filter(id=asked_by).first() if asked_by else None


def to_warn(now: datetime) -> QuerySet[Tenant]:
    """Workspaces that are erased within three days, and for whose owners no reminder is planned yet."""
    soon = Tenant.objects.filter(deletes_at__gt=now, deletes_at__lte=now + WARNED_BEFORE, deletion_warned_at=None)
    return soon.filter(deletion_requested_at__lt=F("deletes_at") - WARNED_BEFORE)


def warn(tenant_id: UUID) -> None:
    """Remind owners and contact, once. Open no scope around this."""
    now = timezone.now()
    with tenant_scope(tenant_id):
        if to_warn(now).filter(id=tenant_id).update(deletion_warned_at=now):
            tenant = Tenant.objects.get(id=tenant_id)
            text = str(LAST_CHANCE)
            _plan(tenant, Mail.Kind.DELETION_WARNED, gettext("A workspace of yours will be deleted soon"), text)
    outbox.send_due(tenant_id)


def _plan(tenant: Tenant, kind: Mail.Kind, subject: str, text: str) -> None:
    """In the transaction that says that they were told; once for each request. text: with placeholders."""
    who, when = _who_asked(tenant), date_format(cast("datetime", tenant.deletes_at), "d F Y, H:i")
    words = text % {"workspace": notices.named(tenant), "when": when, "who": who.email if who else ""}
    whole = notices.letter(f"{words}\n\n    {notices.data_page(tenant)}")
    outbox.plan(kind, str(tenant.deletion_requested_at), notices.recipients(tenant), subject, whole)


def due(now: datetime) -> QuerySet[Tenant]:
    """Workspaces whose days of grace are over."""
    return Tenant.objects.filter(deletes_at__lte=now)


def erase(tenant_id: UUID) -> bool:
    """Erase a workspace that is due, in small transactions; what was interrupted goes on where it was.

    False if it is not due, or if others wrote all the time: then the next call goes on.
    """
    for table in tables():
        while table != LAST and _erase_some(tenant_id, table):
            pass
    erased = _finish(tenant_id)
    if erased is None:
        return False
    connection.close()
    text = gettext("As announced, %(workspace)s and everything in it was erased.") % {"workspace": erased.name}
    notices.send(erased.recipients, gettext("A workspace of yours was deleted"), text)
    return True


def tables() -> list[str]:
    """Every table with a column tenant_id, each before those that it refers to; from Postgres' catalogue."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        found = {name for (name,) in cursor.fetchall()}
        cursor.execute(REFERENCES)
        references = [(child, parent) for child, parent in cursor.fetchall() if {child, parent} <= found]
    order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(found, ()))
    for child, parent in references:
        order.add(parent, child)
    return list(order.static_order())


def _due(tenant_id: UUID) -> Tenant | None:
    """The workspace, locked: one worker at a time erases it."""
    return due(timezone.now()).select_for_update(no_key=True).filter(id=tenant_id).first()


def _erase_some(tenant_id: UUID, table: str) -> int:
    """Rows of this table that are gone now, at most ROWS_AT_ONCE; counted in the same transaction.

    What somebody refers to at this very moment is left for _finish.
    """
    try:
        with tenant_scope(tenant_id):
            tenant = _due(tenant_id)
            return _count(tenant, table) if tenant else 0
    except (IntegrityError, OperationalError) as error:
        log.info("Rows of %s go later: %s", table, error)
        return 0


def _count(tenant: Tenant, table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT erase_tenant_rows(%s, %s)", [table, ROWS_AT_ONCE])
        erased = int(cursor.fetchone()[0])
    if erased:
        tenant.erased_rows[table] = tenant.erased_rows.get(table, 0) + erased
        tenant.save(update_fields=["erased_rows"])
    return erased


@dataclass(frozen=True)
class _Erased:
    """Whom to tell about which workspace."""

    name: str
    recipients: list[str]


def _finish(tenant_id: UUID) -> _Erased | None:
    """What is left, and the workspace's own row, in one transaction. None if it is not due, or if others were first."""
    for _try in range(MOST_TRIES):
        try:
            with tenant_scope(tenant_id):
                return _erase_rest(tenant_id)
        except (IntegrityError, OperationalError) as error:
            log.info("The end of workspace %s is tried again: %s", tenant_id, error)
    return None


def _erase_rest(tenant_id: UUID) -> _Erased | None:
    tenant = _due(tenant_id)
    if tenant is None:
        return None
    erased = _Erased(notices.named(tenant), notices.recipients(tenant))
    _empty(tenant)
    # The strongest lock: whoever adds a row now waits, and then finds no workspace to add it to. Only now, since who
    # adds one has locked what it refers to, and would wait for us while we wait to delete that.
    Tenant.objects.select_for_update().get(id=tenant_id)
    _empty(tenant)
    _remember(tenant)
    with connection.cursor() as cursor:  # `app` may delete no workspace by itself
        cursor.execute("SELECT erase_tenant()")
    return erased


def _empty(tenant: Tenant) -> None:
    for table in tables():
        while _count(tenant, table):
            pass


def _remember(tenant: Tenant) -> None:
    """All that stays: the id, who asked and when, and how many rows there were."""
    rows: Mapping[str, int] = tenant.erased_rows
    detail = ERASED(
        workspace=str(tenant.id),
        account=str(tenant.deletion_requested_by_id),
        at=str(tenant.deletion_requested_at),
        rows=sum(rows.values()),
        tables=len(rows),
    )
    changes = {table: [count, 0] for table, count in rows.items()}
    journal.record_account(actions.WORKSPACE_ERASED, _who_asked(tenant), changes=changes, detail=detail)
