"""What a full export holds: a zip with a file of JSON lines for each table, a manifest and a README.

The tables are found through the app registry, so that those to come are in it too.
"""

import base64
import hashlib
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import IO, Any, Protocol
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from tenants.encryption import SEALED, EncryptedField, Secret
from tenants.models import ExportPart, IdempotentRequest, Tenant, TenantModel, User
from tenants.scope import tenant_scope
from tenants.wordings import Reason, as_json

SCHEMA_VERSION = 1
MASK = "••••"
ROWS_AT_ONCE = 100
"""Single rows may have megabytes."""
LEFT_OUT: Mapping[type[models.Model], StrOrPromise] = {
    ExportPart: _("the pieces of the exports themselves"),
    IdempotentRequest: _("copies of the API's answers, kept for a day; what they are about is in the other files"),
}
"""Tables of tenants that are not exported, each with the reason."""
IN_FILES = "EXPORTED_IN_FILES"
"""A model's attribute of this name, true: its rows make up files of the archive, which settings.EXPORT_FILES find."""
AS_FILES = _("pieces of files, which are whole in the folder files")
NOTES = (
    {"what": _("tokens and keys of other services"), "why": _("secrets: masked as ••••")},
    {"what": _("columns called digest"), "why": _("fingerprints of secrets; they are of use to nobody else")},
    {
        "what": _("passwords, second steps and sessions of members"),
        "why": _("belong to the members, not to the workspace"),
    },
)
README = _("""\
Everything that the workspace “%(name)s” has in Roster, as of %(at)s (UTC).

data/          one file for each table, one row a line, each line a JSON object (JSON Lines, UTF-8)
files/         what people sent: each under the id of its row in data/channels_mediafile.jsonl
manifest.json  when and by which version this was made, and for each file its rows, bytes and SHA-256;
               and what is left out and why

Where to look first:
  data/tenants_tenant.jsonl        the workspace's settings
  data/tenants_membership.jsonl    who belongs to it, with names and e-mail addresses
  data/agents_agent.jsonl          the AI employees; agents_agentrevision has each earlier version
  data/agents_conversation.jsonl   the conversations; agents_turn has what was said, by conversation_id
  data/agents_person.jsonl         the people who write; in agents_turn and channels_contact by person_id
  data/usage_usagerecord.jsonl     each call to an LLM, with its tokens and its cost in USD
  data/tenants_auditevent.jsonl    who did what, when

Rows refer to each other by id: conversation_id in agents_turn is id in agents_conversation. All files show the same
moment. Times are ISO 8601 with their offset, amounts are exact decimals as text, and what is binary is Base64.
Secrets are masked as ••••.
""")


class Progress(Protocol):
    """Is told how far the export is; may raise to stop it."""

    def begin(self, rows_total: int) -> None: ...
    def advance(self) -> None: ...
    def check(self) -> None: ...


@dataclass(frozen=True)
class Table:
    """A table of which a workspace has rows, and the columns that are exported."""

    model: type[models.Model]

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    def rows(self, tenant_id: UUID) -> "models.QuerySet[Any]":
        """The workspace's rows, oldest first. Not all of these tables are under row-level security."""
        key = {"id": tenant_id} if self.model is Tenant else {"tenant_id": tenant_id}
        return self.model._default_manager.filter(**key).order_by("pk")

    def columns(self) -> list[str]:
        """Without digests; of people, name and address as well as the id."""
        fields = [each for each in self.model._meta.concrete_fields if "digest" not in each.name]
        people = [each.name for each in fields if each.related_model is User]
        return [
            *(each.attname for each in fields),
            *(f"{name}__{what}" for name in people for what in ("email", "name")),
        ]

    def lines(self, tenant_id: UUID) -> Iterator[bytes]:
        """Each row as a JSON object and a line feed."""
        for row in self._read(tenant_id):
            named = {name.replace("__", "_"): value for name, value in row.items()}
            text = json.dumps(named, default=_plain, ensure_ascii=False)
            yield re.sub(SEALED, MASK, text).encode() + b"\n"

    def _read(self, tenant_id: UUID) -> Iterator[dict[str, Any]]:
        """A bounded number at a time, by key: PgBouncer leaves us no cursors that would do that."""
        rows, key = self.rows(tenant_id).values(*self.columns()), self.model._meta.pk.attname
        batch = list(rows[:ROWS_AT_ONCE])
        while batch:
            yield from batch
            batch = list(rows.filter(pk__gt=batch[-1][key])[:ROWS_AT_ONCE])


def tables() -> list[Table]:
    """Every table with rows of tenants, but for LEFT_OUT; by name."""
    found = [model for model in apps.get_models() if model is Tenant or _belongs_to_a_tenant(model)]
    return sorted((Table(model) for model in found if not _why_left_out(model)), key=lambda table: table.name)


def _why_left_out(model: type[models.Model]) -> StrOrPromise:
    return AS_FILES if getattr(model, IN_FILES, False) else LEFT_OUT.get(model, "")


def _belongs_to_a_tenant(model: type[models.Model]) -> bool:
    return issubclass(model, TenantModel) or any(
        each.name == "tenant" and each.related_model is Tenant for each in model._meta.concrete_fields
    )


@contextmanager
def snapshot(tenant_id: UUID) -> Iterator[None]:
    """The tenant's scope in a transaction that sees one moment, however long it takes."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with tenant_scope(tenant_id):
            yield


@dataclass
class _Entry:
    """One file of the archive, counted and digested while it is written."""

    name: str
    table: str
    rows: int = 0
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def count(self, line: bytes) -> None:
        self.rows += 1
        self.add(line)

    def add(self, line: bytes) -> None:
        self.size += len(line)
        self.digest.update(line)

    def described(self) -> dict[str, Any]:
        sha256 = self.digest.hexdigest()
        return {"name": self.name, "table": self.table, "rows": self.rows, "bytes": self.size, "sha256": sha256}


def write(file: IO[bytes], tenant_id: UUID, progress: Progress) -> None:
    """Write the zip of all that a workspace has into a seekable file. Open no transaction around this."""
    with snapshot(tenant_id), zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        wanted = tables()
        progress.begin(sum(table.rows(tenant_id).count() for table in wanted))
        entries = [_write_table(archive, table, tenant_id, progress) for table in wanted]
        tenant, now = Tenant.objects.get(id=tenant_id), timezone.now()
        entries += [_write_file(archive, each, progress) for each in _files()]
        manifest = _manifest(tenant, now, [entry.described() for entry in entries])
        archive.writestr("manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False))
        archive.writestr("README.txt", README % {"name": tenant.name, "at": f"{now:%Y-%m-%d %H:%M:%S}"})


def _write_table(archive: zipfile.ZipFile, table: Table, tenant_id: UUID, progress: Progress) -> _Entry:
    entry = _Entry(f"data/{table.name}.jsonl", table.name)
    with archive.open(entry.name, "w", force_zip64=True) as out:
        for line in table.lines(tenant_id):
            out.write(line)
            entry.count(line)
            progress.advance()
    return entry


@dataclass(frozen=True)
class Attached:
    """A file of the archive that is no table: its name there, the table of its row, and its content in pieces."""

    name: str
    table: str
    pieces: Iterator[bytes]


def _files() -> Iterator[Attached]:
    """What the apps add. Inside the tenant's scope."""
    for path in settings.EXPORT_FILES:
        yield from import_string(path)()


def _write_file(archive: zipfile.ZipFile, file: Attached, progress: Progress) -> _Entry:
    entry = _Entry(f"files/{file.name}", file.table)
    with archive.open(entry.name, "w", force_zip64=True) as out:
        for piece in file.pieces:
            out.write(piece)
            entry.add(piece)
            progress.check()
    return entry


def _manifest(tenant: Tenant, now: datetime, files: list[dict[str, Any]]) -> dict[str, Any]:
    reasons = {model._meta.db_table: _why_left_out(model) for model in apps.get_models()}
    tables_left_out = [{"what": name, "why": str(why)} for name, why in reasons.items() if why]
    return {
        "format": "roster-export",
        "schema_version": SCHEMA_VERSION,
        "made_at": now.isoformat(),
        "workspace": {"id": str(tenant.id), "name": tenant.name, "slug": tenant.slug},
        "rows": sum(each["rows"] for each in files),
        "files": files,
        "masked_columns": [f"{table.name}.{name}" for table in tables() for name in _sealed_columns(table)],
        "left_out": [*tables_left_out, *({name: str(words) for name, words in note.items()} for note in NOTES)],
    }


def _sealed_columns(table: Table) -> list[str]:
    return [each.attname for each in table.model._meta.concrete_fields if isinstance(each, EncryptedField)]


def _plain(value: Any) -> Any:
    """What JSON has no type for."""
    match value:
        case Reason():
            return {"words": str(value), **as_json(value)} if value else {}
        case Secret():
            return MASK if value else ""
        case date():
            return value.isoformat()
        case bytes() | memoryview():
            return base64.b64encode(bytes(value)).decode()
        case Decimal() | UUID():
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        case timedelta():
            return value.total_seconds()
    raise TypeError(f"{type(value).__name__} has no form in an export: give it one in tenants/privacy/archive.py.")
