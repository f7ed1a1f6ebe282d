"""The life of an export: asked for, made once by whoever holds its lease, kept for some days, deleted.

Like a conversation's answer it is a job with a lease and an attempt number that fences: see tenants.models.Job.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tenants.audit import actions, journal
from tenants.jobs import sweeps
from tenants.jobs.keeper import Hold, OvertakenError, StoppedError, kept
from tenants.mail import notices, outbox
from tenants.models import Export, ExportPart, Mail, Tenant, User
from tenants.privacy import archive
from tenants.scope import current_tenant_id, give_back, sweeper_scope, tenant_scope
from tenants.wordings import Wording

log = logging.getLogger(__name__)

Id = tuple[UUID, UUID]
"""A workspace and an export of it."""

TAKEN_UP_AFTER = timedelta(seconds=5)
"""A new one waits this long for its own wake-up before a sweep wakes it."""
SHOWN_EVERY_SECONDS = 2.0
"""How often progress is shown."""
PART_BYTES = 1024 * 1024
KEPT_FOR = timedelta(days=7)
MOST_FAILURES = 3
RETRY_AFTER = timedelta(seconds=20)
"""After an error, so that what is only down for a moment does not use up all tries."""
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


def request(by: User) -> Export:
    """Ask for an export, inside the tenant's scope. Raises AlreadyRunningError."""
    now = timezone.now()
    try:
        with transaction.atomic():
            made = Export.objects.create(
                requested_by_id=by.id, requested_by_name=by.email, retry_at=now + TAKEN_UP_AFTER
            )
    except IntegrityError as error:
        raise AlreadyRunningError from error
    journal.record(actions.EXPORT_REQUESTED, made)
    return made


def due(now: datetime) -> list[Id]:
    """Exports that nobody makes, as (tenant, export): their wake-up was lost, or their worker died or stopped."""
    with sweeper_scope():
        rows = Export.objects.due(now).filter(state__in=Export.OPEN)
        return sweeps.drawn(rows.values_list("tenant_id", "id"))


def outdated(now: datetime) -> list[Id]:
    """Exports whose parts are to be deleted, as (tenant, export)."""
    with sweeper_scope():
        return sweeps.drawn(_outdated(now).values_list("tenant_id", "id"))


def _outdated(now: datetime) -> "QuerySet[Export]":
    return Export.objects.filter(state=Export.State.DONE, expires_at__lte=now)


def make(tenant_id: UUID, export_id: UUID) -> None:
    """Make an export, if nobody else does, and tell by mail. Harmless to call twice, or at any time.

    Of more than AT_ONCE a sweep takes up the rest later.
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
        with TemporaryFile() as file, kept(Export, export_id, attempt, on_look=work.show) as work.hold:
            archive.write(file, tenant_id, work)
            _store(work, file)
            _land(work, size=file.seek(0, os.SEEK_END))
    except OvertakenError:
        log.info("Export %s was taken over or withdrawn.", export_id)
    except StoppedError:
        log.info("Export %s is given back: this process is stopping.", export_id)
        _give_back(work)
    except Exception:
        _give_back(work, failures=1)
        raise
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
    hold: Hold | None = None
    shown_at: float = 0.0

    def begin(self, rows_total: int) -> None:
        self.rows_total = rows_total

    def advance(self) -> None:
        self.check()
        self.rows_done += 1

    def check(self) -> None:
        """Raises OvertakenError or StoppedError if the work has to end."""
        if self.hold:
            self.hold.check()

    def show(self) -> None:
        """Show how far it is, every SHOWN_EVERY_SECONDS. The keeper's thread calls this, so it waits for no lock."""
        if time.monotonic() - self.shown_at < SHOWN_EVERY_SECONDS:
            return
        self.shown_at = time.monotonic()
        with tenant_scope(self.tenant_id):
            unlocked = self.ours().select_for_update(no_key=True, skip_locked=True)
            Export.objects.filter(id__in=unlocked.values("id")).update(
                rows_done=self.rows_done, rows_total=self.rows_total
            )

    def ours(self) -> "QuerySet[Export]":
        """The export's row, unless somebody else has it by now."""
        return Export.objects.filter(id=self.export_id, attempt=self.attempt, state=Export.State.RUNNING)


def _claim(tenant_id: UUID, export_id: UUID) -> int | None:
    """Take an export that waits or whose worker died; its new attempt number, or None."""
    with tenant_scope(tenant_id):
        now = timezone.now()
        found = Export.objects.claimable(now).filter(id=export_id, state__in=Export.OPEN).first()
        if found is None:
            return None
        ExportPart.objects.filter(export=found).delete()
        if found.state == Export.State.RUNNING:  # its worker died
            found.failures += 1
        if found.failures >= MOST_FAILURES:
            found.release(failures=found.failures, state=Export.State.FAILED, error=FAILED(), finished_at=now)
            return None
        found.lease(now, state=Export.State.RUNNING)
        return found.attempt


def _give_back(work: _Work, failures: int = 0) -> None:
    """Let another worker make it, at once, or after an error a little later."""
    retry_at = timezone.now() + RETRY_AFTER if failures else None
    with tenant_scope(work.tenant_id):
        export = work.ours().select_for_update(no_key=True).first()
        if export:
            export.release(failures=export.failures + failures, retry_at=retry_at, state=Export.State.WAITING)


def _store(work: _Work, file: IO[bytes]) -> None:
    """Into the database in pieces, each in a transaction of its own."""
    file.seek(0)
    for number, content in enumerate(iter(lambda: file.read(PART_BYTES), b"")):
        work.check()
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
        if _outdated(timezone.now()).filter(id=export_id).update(state=Export.State.EXPIRED):
            ExportPart.objects.filter(export=export_id).delete()


def withdraw() -> None:
    """Somebody was erased: delete what older exports hold, and begin one that is being made anew. Inside the scope."""
    Export.objects.filter(state=Export.State.DONE).update(state=Export.State.EXPIRED, expires_at=timezone.now())
    running = Export.objects.filter(state=Export.State.RUNNING)
    running.update(state=Export.State.WAITING, leased_until=None)
    ExportPart.objects.all().delete()
