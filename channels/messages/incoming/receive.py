"""What a provider brings is stored in one statement, which finds the workspace by itself.

Nothing else happens while the provider waits. Whose turn it is, and whether anybody answers, a worker decides later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.db import IntegrityError
from django.db import connection as database
from django.utils import timezone
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from channels.models import InboxEvent, place_id_of
from channels.providers.base import InboundEvent, InboundMessage
from tenants.statements import preparing_cursor
from tenants.wordings import as_json

ONCE_BY_EVENT = "channels_event_once"
COLUMNS = (
    "id", "provider", "event_id", "kind", "payload", "is_test", "message_key", "author", "position", "address",
    "is_readable", "is_addressed", "place", "place_id", "due_at", "received_at", "state", "reason", "finished_at",
    "attempt",
)  # fmt: skip
"""Besides those that the route gives."""

# The INSERT selects from the part that tells Postgres the workspace: otherwise row-level security refuses it. The
# setting ends with the statement, which is a transaction of its own.
STATEMENT = """
WITH route AS (
    SELECT tenant_id, connection_id, external_id
      FROM channels_route
     WHERE provider = %(provider)s AND external_id = ANY(%(accounts)s::varchar[]) {own}
     ORDER BY array_position(%(accounts)s::varchar[], external_id)
     LIMIT 1
), scope AS MATERIALIZED (
    SELECT tenant_id, connection_id, external_id, set_config('app.tenant_id', tenant_id::text, true) AS is_set
      FROM route
), stored AS (
    INSERT INTO channels_inboxevent AS known (tenant_id, connection_id, external_account, {columns})
    SELECT tenant_id, connection_id, external_id, {values} FROM scope WHERE is_set <> ''
    ON CONFLICT {conflict}
    RETURNING known.id
)
SELECT tenant_id, connection_id, EXISTS (SELECT FROM stored) FROM scope
"""
OF_ITS_OWN = "AND connection_id = %(own)s"

# A second event about a message counts if it shows that the message is for the employee, and nobody has heard it so
# far: no worker has looked at it, or it was taken for talk among others. Not where an edit, which came first, took the
# mention away.
TWIN = """(provider, external_account, message_key) DO UPDATE
       SET is_addressed = true, state = EXCLUDED.state, reason = EXCLUDED.reason, finished_at = NULL, place = '',
           attempt = 0, received_at = EXCLUDED.received_at, due_at = EXCLUDED.due_at,
           payload = CASE known.payload WHEN '' THEN EXCLUDED.payload ELSE known.payload END,
           author = EXCLUDED.author, position = EXCLUDED.position, address = EXCLUDED.address,
           is_readable = EXCLUDED.is_readable, place_id = EXCLUDED.place_id
     WHERE EXCLUDED.is_addressed AND NOT known.is_addressed AND known.version IS NULL
       AND known.event_id <> EXCLUDED.event_id AND known.tenant_id = EXCLUDED.tenant_id
       AND (known.state = 'received'
            OR known.state = 'ignored' AND known.place <> '' AND known.deleted_at IS NULL AND known.turn_id IS NULL)"""
REPEAT = "DO NOTHING"


def _statement(conflict: str, own: str) -> str:
    values = ", ".join(f"%({name})s" for name in COLUMNS)
    return STATEMENT.format(own=own, columns=", ".join(COLUMNS), values=values, conflict=conflict)


STATEMENTS = {
    (conflict, is_own): _statement(conflict, OF_ITS_OWN if is_own else "")
    for conflict in (TWIN, REPEAT)
    for is_own in (True, False)
}


@dataclass(frozen=True)
class Arrival:
    """What became of an event. is_new: it was not known, or shows that a message that was is for the employee."""

    tenant_id: UUID
    connection_id: UUID
    is_new: bool


def store(
    event: InboundEvent, accounts: Sequence[str], *, quiet_seconds: float, own: UUID | None = None
) -> Arrival | None:
    """Store an event for the first of these accounts that is connected; None if there is none.

    A message waits until it was quiet for so many seconds. Of anything else only the fact is kept.
    own: the connection whose own secret verified the request, so only that is touched.

    Open no transaction around this. It is not for what changes an earlier message, or ends a connection.
    """
    if database.in_atomic_block:
        raise RuntimeError("The tenant would stay set in the open transaction: call this outside of it.")
    values = {**_row(event, quiet_seconds), "accounts": list(accounts), "own": own}
    try:
        return _execute(values, TWIN if event.message else REPEAT)
    except IntegrityError as error:
        if _constraint(error) != ONCE_BY_EVENT:
            raise
    return _execute(values, REPEAT)  # the row of this event has lost its message's key


def _execute(values: Mapping[str, Any], conflict: str) -> Arrival | None:
    with preparing_cursor() as cursor:
        cursor.execute(STATEMENTS[conflict, values["own"] is not None], values)
        found = cursor.fetchone()
    return Arrival(*found) if found else None


def _constraint(error: IntegrityError) -> str | None:
    cause = error.__cause__
    return cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None


def _row(event: InboundEvent, quiet_seconds: float) -> dict[str, Any]:
    now = timezone.now()
    common = {
        "id": uuid7(),
        "provider": event.provider,
        "event_id": event.event_id,
        "kind": event.kind[:60],
        "is_test": event.is_test,
        "received_at": now,
        "place": "",
        "attempt": 0,
    }
    if event.message is None:
        return {**common, **NO_MESSAGE, "reason": Jsonb(as_json(event.reason)), "finished_at": now}
    due_at = now + timedelta(seconds=quiet_seconds)
    return {**common, **_said(event.message), "payload": event.payload, "due_at": due_at}


NO_MESSAGE: Mapping[str, Any] = {
    "state": InboxEvent.State.IGNORED.value,
    "payload": "",
    "message_key": None,
    "author": "",
    "position": 0,
    "address": Jsonb({}),
    "is_readable": True,
    "is_addressed": False,
    "place_id": None,
    "due_at": None,
}


def _said(message: InboundMessage) -> dict[str, Any]:
    return {
        "state": InboxEvent.State.RECEIVED.value,
        "reason": Jsonb({}),
        "finished_at": None,
        "message_key": message.key,
        "author": message.author,
        "position": message.position,
        "address": Jsonb(dict(message.address)),
        "is_readable": message.is_readable,
        "is_addressed": message.is_addressed,
        "place_id": place_id_of(message.place),
    }
