"""Re-encrypts every stored secret with the newest of PLATFORM_ENCRYPTION_KEYS while the platform is running.

The data is the state: each ciphertext names its key, so a rotation that was stopped goes on where it was.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.apps import apps
from django.db import OperationalError, connection, models, transaction
from django.db.models.functions import Cast

from tenants import encryption
from tenants.encryption import SEALED, EncryptedField, Secret, UndecryptableError
from tenants.models import Tenant, TenantModel
from tenants.scope import tenant_scope

DOCUMENTS = (("mfa", "authenticator", "data"),)
"""JSON columns with ciphertexts inside: allauth keeps a TOTP secret and the recovery codes' seed there."""
COLUMNS = (("djstripe", "webhookendpoint", "secret"),)
"""Text columns of other packages that we fill with a ciphertext: what signs Stripe's events."""
BATCH = 100
PATIENCE_SECONDS = 10

Scope = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class SealedColumn:
    """A column that holds one ciphertext."""

    model: type[models.Model]
    column: str

    @property
    def name(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def scopes(self) -> Iterator[Scope]:
        """The scopes that together show all rows: each tenant's, or one transaction for a shared table."""
        if not issubclass(self.model, TenantModel):
            yield transaction.atomic
            return
        for tenant_id in list(_every(Tenant).order_by("id").values_list("id", flat=True)):
            yield partial(tenant_scope, tenant_id)

    def rows(self) -> "models.QuerySet[Any]":
        """The rows that hold ciphertext, with it as `raw`, ordered by key."""
        rows: models.QuerySet[Any] = _every(self.model).annotate(raw=Cast(self.column, models.TextField()))
        return rows.filter(raw__gt="").order_by("pk")

    def outdated(self) -> "models.QuerySet[Any]":
        """Those of them that are not under the newest key."""
        return self.rows().exclude(raw__startswith=f"{encryption.newest_key_id()}:")

    def key_ids(self, raw: str) -> list[str]:
        """The keys that the ciphertexts in a row name; `unknown` if there is no ciphertext."""
        return encryption.key_ids_in(raw) or ["unknown"]

    def sealed_in(self, raw: str) -> list[str]:
        """The ciphertexts in a row's text."""
        return [raw]

    def renew(self, row: Any) -> None:
        """Re-encrypt one locked row. Raises UndecryptableError."""
        self._write(row, Secret(stored=encryption.reencrypt(row.raw)))

    def _write(self, row: Any, value: object) -> None:
        _every(self.model).filter(pk=row.pk).update(**{self.column: value})


class Column(SealedColumn):
    """A column of another package that holds one ciphertext as text."""

    def renew(self, row: Any) -> None:
        self._write(row, encryption.reencrypt(row.raw))


class Document(SealedColumn):
    """A JSON column with any number of ciphertexts inside."""

    def rows(self) -> "models.QuerySet[Any]":
        return super().rows().filter(raw__regex=f'"{SEALED}"')

    def outdated(self) -> "models.QuerySet[Any]":
        return self.rows().filter(raw__regex=f'"(?!{encryption.newest_key_id()}:){SEALED}"')

    def sealed_in(self, raw: str) -> list[str]:
        return re.findall(SEALED, raw)

    def renew(self, row: Any) -> None:
        self._write(row, _renewed(json.loads(row.raw)))


def _renewed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _renewed(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_renewed(each) for each in value]
    if isinstance(value, str) and encryption.is_sealed(value):
        return encryption.reencrypt(value)
    return value


def _every(model: type[models.Model]) -> "models.QuerySet[Any]":
    """All rows, including those that a model's own manager leaves out."""
    return model._base_manager.all()  # noqa: SLF001 - documented by Django


@dataclass
class Renewal:
    """What a rotation did in one place. `lost` and `busy` are the ids of rows that no key opens or others hold."""

    place: SealedColumn
    renewed: int = 0
    lost: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)


def places() -> list[SealedColumn]:
    """Every EncryptedField of every model, and the columns and documents of other packages."""
    columns = [
        SealedColumn(model, each.name)
        for model in apps.get_models()
        for each in model._meta.local_fields
        if isinstance(each, EncryptedField)
    ]
    texts = [Column(apps.get_model(app, model), column) for app, model, column in COLUMNS]
    documents = [Document(apps.get_model(app, model), column) for app, model, column in DOCUMENTS]
    return [*columns, *texts, *documents]


def rotate(progress: Callable[[Renewal], None]) -> list[Renewal]:
    """Re-encrypt everything with the newest key. Calls `progress` after each batch. Safe to repeat and to stop.

    Locks a few rows at a time, and only those that nobody else holds: a write at the same time is never undone.
    """
    return [_rotate_place(place, progress) for place in places()]


def _rotate_place(place: SealedColumn, progress: Callable[[Renewal], None]) -> Renewal:
    renewal = Renewal(place)
    for scope in place.scopes():
        last = None
        while batch := _renew_batch(renewal, scope, last):
            last = batch[-1]
            progress(renewal)
        _renew_held(renewal, scope)
    return renewal


def _renew_batch(renewal: Renewal, scope: Scope, after: Any) -> list[Any]:
    """Renew the next rows that nobody holds; returns their keys."""
    with scope():
        rows = renewal.place.outdated().select_for_update(skip_locked=True, no_key=True, of=("self",))
        batch = list((rows.filter(pk__gt=after) if after else rows)[:BATCH])
        for row in batch:
            _renew(renewal, row)
    return [row.pk for row in batch]


def _renew_held(renewal: Renewal, scope: Scope) -> None:
    """Then those that others held, waiting for one at a time: with no other lock held this cannot deadlock."""
    with scope():
        left = [pk for pk in renewal.place.outdated().values_list("pk", flat=True) if str(pk) not in renewal.lost]
    for pk in left:
        try:
            _wait_and_renew(renewal, scope, pk)
        except OperationalError:
            renewal.busy.append(str(pk))


def _wait_and_renew(renewal: Renewal, scope: Scope, pk: Any) -> None:
    with scope():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{PATIENCE_SECONDS}s"])
        rows = renewal.place.outdated().filter(pk=pk).select_for_update(no_key=True, of=("self",))
        for row in rows:
            _renew(renewal, row)


def _renew(renewal: Renewal, row: Any) -> None:
    try:
        renewal.place.renew(row)
    except UndecryptableError:
        renewal.lost.append(str(row.pk))
    else:
        renewal.renewed += 1


def key_usage() -> Counter[str]:
    """How many ciphertexts name each key, over all places and tenants."""
    usage: Counter[str] = Counter()
    for place, _pk, raw in stored():
        usage.update(place.key_ids(raw))
    return usage


def stored() -> Iterator[tuple[SealedColumn, str, str]]:
    """Every row with ciphertext: its place, its id, and the column's text."""
    for place in places():
        for scope in place.scopes():
            with scope():
                rows = list(place.rows().values_list("pk", "raw"))
            yield from ((place, str(pk), raw) for pk, raw in rows)
