"""The life of an export: asked for, made once by whoever holds its lease, kept for some days, deleted.

Like a conversation's answer it is claimed with a lease and an attempt number that fences: see docs/pipeline.md.
"""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

from django.db import Error as DatabaseFault
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tenants.audit import actions, journal
from tenants.mail import notices, outbox
from tenants.models import Export, ExportPart, Mail, Tenant, User
from tenants.privacy import archive
from tenants.scope import current_tenant_id, give_back, tenant_scope
from tenants.wordings import Wording

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
TAKEN_UP_AFTER = timedelta(seconds=5)
"""A new one waits this long for its own wake-up before the sweeper wakes it."""
BEAT_SECONDS = 2.0
"""How often progress is shown and the lease is renewed."""
PART_BYTES = 1024 * 1024
KEPT_FOR = timedelta(days=7)
MOST_ATTEMPTS = 3
AT_ONCE = 2
"""In one process: people who wait for an answer need the other threads."""
FAILED = Wording(
    "tenants.export_failed",
    _("It failed three times in a row. Start a new one; if that fails too, tell us when it was."),
)


_room = threading.BoundedSemaphore(AT_ONCE)


class AlreadyRunningError(Exception):
    """A workspace makes one export at a time."""

    def __init__(self) -> None:
        super().__init__(gettext("An export is already running: wait until it is ready."))


class OvertakenError(Exception):
    """Somebody else has taken this export over, or it was withdrawn: what was made is dropped."""


def request(by: User) -> Export:
    """Ask for an export, inside the tenant's scope. Raises AlreadyRunningError."""
    now = timezone.now()
    try:
        with transaction.atomic():
            made = Export.objects.create(
                requested_by_id=by.id, requested_by_name=by.email, leased_until=now + TAKEN_UP_AFTER
            )
    except IntegrityError as error:
        raise AlreadyRunningError from error
    journal.record(actions.EXPORT_REQUESTED, made)
    return made


def due(now: datetime) -> "QuerySet[Export]":
    """Exports that nobody makes, for the sweeper: their wake-up was lost, or their worker died."""
    return Export.objects.filter(state__in=Export.OPEN, leased_until__lte=now)


def outdated(now: datetime) -> "QuerySet[Export]":
    """Exports whose parts are to be deleted, for the sweeper."""
    return Export.objects.filter(state=Export.State.DONE, expires_at__lte=now)


def make(tenant_id: UUID, export_id: UUID) -> None:
    """Make an export, if nobody else does, and tell by mail. Harmless to call twice, or at any time.

    Of more than AT_ONCE the sweeper takes up the rest later.
    """
    if not _room.acquire(blocking=False):
        return
    try:
        _make(tenant_id, export_id)
    finally:
        _room.release()


def _make(tenant_id: UUID, export_id: UUID) -> None:
    attempt = _claim(tenant_id, export_id)
    if attempt is None:
        return
    work = _Work(tenant_id, export_id, attempt)
    try:
        with TemporaryFile() as file, _kept(work):
            archive.write(file, tenant_id, work)
            _store(work, file)
            _land(work, size=file.seek(0, os.SEEK_END))
    except OvertakenError:
        log.info("Export %s was taken over or withdrawn.", export_id)
    else:
        outbox.send_due(tenant_id)


@dataclass
class _Work:
    """One try at an export: who it belongs to, and how far it is."""

    tenant_id: UUID
    export_id: UUID
    attempt: int
    rows_done: int = 0
    rows_total: int = 0
    is_lost: bool = False

    def begin(self, rows_total: int) -> None:
        self.rows_total = rows_total

    def advance(self) -> None:
        if self.is_lost:
            raise OvertakenError
        self.rows_done += 1

    def ours(self) -> "QuerySet[Export]":
        """The export's row, unless somebody else has it by now."""
        return Export.objects.filter(id=self.export_id, attempt=self.attempt, state=Export.State.RUNNING)


def _claim(tenant_id: UUID, export_id: UUID) -> int | None:
    """Take an export that waits or whose worker died; its new attempt number, or None."""
    with tenant_scope(tenant_id):
        found = Export.objects.select_for_update(no_key=True, skip_locked=True).filter(id=export_id).first()
        now = timezone.now()
        if found is None or not found.is_open:
            return None
        if found.state == Export.State.RUNNING and found.leased_until and found.leased_until > now:
            return None
        ExportPart.objects.filter(export=found).delete()
        found.attempt += 1
        found.state, found.leased_until = Export.State.RUNNING, now + LEASE
        if found.attempt > MOST_ATTEMPTS:
            found.state, found.error, found.finished_at = Export.State.FAILED, FAILED(), now
        found.save()
        return found.attempt if found.is_open else None


@contextmanager
def _kept(work: _Work) -> Iterator[None]:
    """Renew the lease and show progress while the body runs, from a thread with a connection of its own."""
    is_over = threading.Event()
    keeper = threading.Thread(target=_keep, args=(work, is_over), name="export", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        is_over.set()
        keeper.join()


def _keep(work: _Work, is_over: threading.Event) -> None:
    try:
        while not is_over.wait(BEAT_SECONDS) and not work.is_lost:
            try:
                work.is_lost = not renew(work)
            except DatabaseFault as error:
                log.warning("An export's lease could not be renewed: %s", error)
                connection.close()
    finally:
        connection.close()


def renew(work: _Work) -> bool:
    """Keep the lease and show how far it is. False if somebody else has the export by now."""
    with tenant_scope(work.tenant_id):
        progress = {"rows_done": work.rows_done, "rows_total": work.rows_total}
        return bool(work.ours().update(leased_until=timezone.now() + LEASE, **progress))


def _store(work: _Work, file: IO[bytes]) -> None:
    """Into the database in pieces, each in a transaction of its own."""
    file.seek(0)
    for number, content in enumerate(iter(lambda: file.read(PART_BYTES), b"")):
        with tenant_scope(work.tenant_id):
            export = work.ours().select_for_update(no_key=True).first()
            if export is None:
                raise OvertakenError
            ExportPart.objects.create(export=export, number=number, content=content)


def _land(work: _Work, size: int) -> None:
    """It is ready; it takes the place of the one before it."""
    with tenant_scope(work.tenant_id):
        now = timezone.now()
        landed = work.ours().update(
            state=Export.State.DONE,
            size=size,
            rows_done=work.rows_done,
            rows_total=work.rows_total,
            leased_until=None,
            finished_at=now,
            expires_at=now + KEPT_FOR,
        )
        if not landed:
            raise OvertakenError
        Export.objects.filter(state=Export.State.DONE).exclude(id=work.export_id).update(expires_at=now)
        _plan_mails(work.export_id)


def _plan_mails(export_id: UUID) -> None:
    tenant = Tenant.objects.get(id=current_tenant_id())
    asked_by = Export.objects.values_list("requested_by_name", flat=True).get(id=export_id)
    text = ngettext(
        "The export of everything in %(workspace)s is ready. Log in and download it here within %(count)d day; after "
        "that it is deleted:\n\n    %(page)s\n\n%(who)s asked for it.",
        "The export of everything in %(workspace)s is ready. Log in and download it here within %(count)d days; after "
        "that it is deleted:\n\n    %(page)s\n\n%(who)s asked for it.",
        KEPT_FOR.days,
    ) % {
        "workspace": notices.named(tenant),
        "count": KEPT_FOR.days,
        "page": notices.data_page(tenant),
        "who": asked_by,
    }
    to = [each for each in (asked_by, tenant.contact_email if tenant.is_contact_confirmed else "") if each]
    outbox.plan(Mail.Kind.EXPORT_READY, str(export_id), to, gettext("Your export is ready"), notices.letter(text))


def download(export: Export) -> Iterator[bytes]:
    """The zip, piece by piece, each read in a scope of its own; noted in the audit trail. Begin inside the scope."""
    journal.record(actions.EXPORT_DOWNLOADED, export)
    return _pieces(current_tenant_id(), export.id)


def _pieces(tenant_id: UUID, export_id: UUID) -> Iterator[bytes]:
    number = 0
    while (content := _piece(tenant_id, export_id, number)) is not None:
        give_back()  # to the pool, while a slow reader takes it
        yield content
        number += 1


def _piece(tenant_id: UUID, export_id: UUID, number: int) -> bytes | None:
    with tenant_scope(tenant_id):
        found = ExportPart.objects.filter(export=export_id, number=number).values_list("content", flat=True).first()
    return None if found is None else bytes(found)


def expire(tenant_id: UUID, export_id: UUID) -> None:
    """Delete the parts of an export that is older than it may be. Harmless at any time."""
    with tenant_scope(tenant_id):
        if outdated(timezone.now()).filter(id=export_id).update(state=Export.State.EXPIRED):
            ExportPart.objects.filter(export=export_id).delete()


def withdraw() -> None:
    """Somebody was erased: delete what older exports hold, and begin one that is being made anew. Inside the scope."""
    Export.objects.filter(state=Export.State.DONE).update(state=Export.State.EXPIRED, expires_at=timezone.now())
    running = Export.objects.filter(state=Export.State.RUNNING)
    running.update(state=Export.State.WAITING, leased_until=timezone.now())
    ExportPart.objects.all().delete()
