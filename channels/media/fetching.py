"""Fetch one file from its provider, judge it, and keep it; or write down why it is not kept.

A job like an export: claimed under a lock, its lease kept, its result dropped if somebody else took it over. Nothing is
held across the network but the lease.
"""

import hashlib
import logging
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels.connections import credentials, health
from channels.media import kinds
from channels.media.kinds import Judged
from channels.models import Connection, MediaFile, MediaPart
from channels.providers.base import DeliveryError, DeliveryRefusedError
from channels.providers.media import NOT_NOW, BringsFiles, FileNotNowError, FileTooLargeError, megabytes, too_large
from channels.providers.registry import installed
from channels.providers.shapes.files import FileKind, InboundFile
from channels.providers.shapes.sending import Account
from tenants.encryption import UndecryptableError
from tenants.jobs import sweeps
from tenants.jobs.keeper import Hold, OvertakenError, StoppedError, kept
from tenants.scope import sweeper_scope, tenant_scope
from tenants.wordings import NOTHING, Reason, Wording

log = logging.getLogger(__name__)

Id = tuple[UUID, UUID]
"""A workspace and a file of it."""
State = MediaFile.State
PART_BYTES = 1024 * 1024
MOST_TRIES = 5
RETRY_SECONDS = 5.0
LONGEST_WAIT = 300.0
AT_ONCE, AT_ONCE_OF_A_TENANT = 6, 2
"""Downloads in one process: other work of the background needs its threads, and other workspaces their turn."""

NO_LONGER_CONNECTED = Wording("media.disconnected", _("The channel was disconnected before the file was fetched."))
FULL = Wording("media.full", _("This workspace has %(most)s of files already. Delete conversations to make room."))


class _Room:
    """Who downloads in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[UUID] = Counter()

    @contextmanager
    def taken(self, tenant_id: UUID) -> Iterator[bool]:
        """A place, if there is one for this workspace."""
        with self._lock:
            has_one = self._running.total() < AT_ONCE and self._running[tenant_id] < AT_ONCE_OF_A_TENANT
            self._running[tenant_id] += has_one
        try:
            yield has_one
        finally:
            with self._lock:
                self._running[tenant_id] -= has_one


_room = _Room()


def due(now: datetime) -> list[Id]:
    """Files that nobody fetches, as (tenant, file): new ones, those to be tried again, and those of dead workers."""
    with sweeper_scope():
        rows = MediaFile.objects.due(now).filter(state=State.WAITING)
        return sweeps.drawn_in_turn(rows.values_list("tenant_id", "id"))


def fetch(tenant_id: UUID, file_id: UUID) -> None:
    """Fetch a file, if nobody else does. Calls its provider: open no scope around this. Harmless at any time.

    Of more than a process has room for, a sweep takes up the rest later.
    """
    with _room.taken(tenant_id) as has_room:
        work = _claim(tenant_id, file_id) if has_room else None
        if work is None:
            return
        database.close()
        try:
            with kept(MediaFile, file_id, work.attempt) as work.hold:
                _fetch(work)
        except OvertakenError:
            log.info("File %s was taken over, or is gone.", file_id)
        except StoppedError:
            _give_back(work)
        except FileNotNowError as error:
            _try_later(work, error.most_tries, error.retry_after, error.reason)
        except DeliveryRefusedError as error:
            log.warning("File %s is not kept: %s", file_id, error)
            with tenant_scope(tenant_id):
                health.refused(work.connection_id, error)
            _end(work, State.REJECTED if isinstance(error, FileTooLargeError) else State.LOST, error.reason)
        except DeliveryError as error:
            _try_later(work, MOST_TRIES, RETRY_SECONDS, error.reason)
        except Exception:
            _try_later(work, MOST_TRIES, RETRY_SECONDS, NOT_NOW())
            raise


@dataclass
class _Work:
    """One try at a file, detached from the database."""

    tenant_id: UUID
    file_id: UUID
    attempt: int
    failures: int
    connection_id: UUID
    name: str
    provider: BringsFiles
    account: Account
    file: InboundFile
    hold: Hold | None = None
    size: int = 0
    parts: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def ours(self) -> "QuerySet[MediaFile]":
        """The file's row, unless somebody else has it by now, or it is gone."""
        return MediaFile.objects.filter(id=self.file_id, attempt=self.attempt, state=State.WAITING)

    def check(self) -> None:
        """Raises OvertakenError or StoppedError if the work has to end."""
        if self.hold:
            self.hold.check()


def _claim(tenant_id: UUID, file_id: UUID) -> _Work | None:
    with tenant_scope(tenant_id):
        now = timezone.now()
        files = MediaFile.objects.claimable(now).filter(id=file_id, state=State.WAITING)
        found = files.select_related("connection").first()
        if found is None or found.is_waiting_to_retry(now):
            return None
        MediaPart.objects.filter(file=found).delete()
        if found.leased_until is not None:  # its worker died
            found.failures += 1
        ending = _ending_of(found)
        if ending:
            state, reason = ending
            _finish(found, state, reason)
            return None
        found.lease(now)
        return _work(tenant_id, found)


def _ending_of(found: MediaFile) -> tuple[State, Reason] | None:
    """Why this file need not be asked for at all."""
    if found.failures >= MOST_TRIES:
        return State.LOST, NOT_NOW()
    if found.connection.state == Connection.State.DISCONNECTED or not isinstance(_provider(found), BringsFiles):
        return State.LOST, NO_LONGER_CONNECTED()
    most = kinds.most_bytes(FileKind(found.kind), found.most_bytes)
    if found.declared_size is not None and found.declared_size > most:
        return State.REJECTED, too_large(most).reason
    kept_bytes = MediaFile.objects.filter(state=State.KEPT).aggregate(all=Sum("size"))["all"] or 0
    if kept_bytes + (found.declared_size or 0) > settings.MEDIA_WORKSPACE_BYTES:
        return State.REJECTED, FULL(most=megabytes(settings.MEDIA_WORKSPACE_BYTES))
    return None


def _provider(found: MediaFile) -> object:
    return installed(found.connection.provider)


def _work(tenant_id: UUID, found: MediaFile) -> _Work | None:
    provider = _provider(found)
    try:
        account = credentials.account_of(found.connection)
    except UndecryptableError:
        log.exception("The credentials of connection %s cannot be read", found.connection_id)
        _finish(found, State.LOST, NO_LONGER_CONNECTED())
        return None
    if not isinstance(provider, BringsFiles):
        return None
    file = InboundFile(
        key=found.key,
        kind=FileKind(found.kind),
        name=found.name,
        content_type=found.declared_type,
        size=found.declared_size,
        most_bytes=found.most_bytes,
        reference=found.reference,
    )
    held = (tenant_id, found.id, found.attempt, found.failures)
    return _Work(*held, found.connection_id, found.name, provider, account, file)


def _fetch(work: _Work) -> None:
    """All of the content, judged by its beginning, in parts; and then the row that says so."""
    judged: Judged | None = None
    most = max(kinds.most_bytes(kind, work.file.most_bytes) for kind in FileKind)
    with closing(work.provider.fetch(work.account, work.file, most)) as arriving:
        for part in _in_parts(arriving):
            work.check()
            if judged is None:
                judged = _judge(work, part)
                if judged.refusal:
                    _end(work, State.REJECTED, judged.refusal)
                    return
                most = kinds.most_bytes(judged.kind, work.file.most_bytes)
            if work.size + len(part) > most:
                raise too_large(most)
            _store(work, part)
    if judged is None:
        _end(work, State.REJECTED, kinds.EMPTY())
    else:
        _land(work, judged)


def _in_parts(arriving: Iterator[bytes]) -> Iterator[bytes]:
    buffer = bytearray()
    for piece in arriving:
        buffer += piece
        while len(buffer) >= PART_BYTES:
            yield bytes(buffer[:PART_BYTES])
            del buffer[:PART_BYTES]
    if buffer:
        yield bytes(buffer)


def _judge(work: _Work, part: bytes) -> Judged:
    is_sticker = work.file.kind is FileKind.STICKER
    return kinds.judge(part, work.name, work.file.content_type, is_sticker=is_sticker)


def _store(work: _Work, part: bytes) -> None:
    """One part, in a transaction of its own, with the file's row locked, so that it cannot be erased meanwhile."""
    with tenant_scope(work.tenant_id):
        found = work.ours().select_for_update(no_key=True).first()
        if found is None:
            raise OvertakenError
        MediaPart.objects.create(file=found, number=work.parts, content=part)
    database.close()
    work.parts += 1
    work.size += len(part)
    work.digest.update(part)


def _land(work: _Work, judged: Judged) -> None:
    with tenant_scope(work.tenant_id):
        found = work.ours().select_for_update(no_key=True).first()
        if found is None:
            raise OvertakenError
        what = {"kind": judged.kind.value, "content_type": judged.content_type}
        _finish(found, State.KEPT, NOTHING, size=work.size, sha256=work.digest.hexdigest(), **what)


def _end(work: _Work, state: State, reason: Reason) -> None:
    """Nothing of it is kept, and it is not tried again."""
    with tenant_scope(work.tenant_id):
        found = work.ours().select_for_update(no_key=True).first()
        if found:
            MediaPart.objects.filter(file=found).delete()
            _finish(found, state, reason)


def _finish(found: MediaFile, state: State, reason: Reason, **changes: Any) -> None:
    now = timezone.now()
    found.release(failures=found.failures, state=state, reason=reason, finished_at=now, reference={}, **changes)


def _give_back(work: _Work) -> None:
    """This process is stopping: another worker fetches it, at once."""
    with tenant_scope(work.tenant_id):
        found = work.ours().select_for_update(no_key=True).first()
        if found:
            found.release(failures=found.failures)


def _try_later(work: _Work, most_tries: int, seconds: float, reason: Reason) -> None:
    failures = work.failures + 1
    if failures >= min(most_tries, MOST_TRIES):
        _end(work, State.LOST, reason)
        return
    wait = min(max(seconds, RETRY_SECONDS * 2**work.failures), LONGEST_WAIT) * random.uniform(1, 1.2)  # noqa: S311
    with tenant_scope(work.tenant_id):
        found = work.ours().select_for_update(no_key=True).first()
        if found:
            MediaPart.objects.filter(file=found).delete()
            found.release(failures=failures, retry_at=timezone.now() + timedelta(seconds=wait))
