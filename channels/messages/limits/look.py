"""One look at a conversation's recent past, for all limits: what the employee said, and what it heard within a minute.

Whoever writes counts as one person, on all connections that know them by an id.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from channels.models import Thread
from tenants.statements import preparing_cursor

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Look:
    """A conversation's recent past: is something on its way out, and how much did the employee say here and to whom?

    said: answers in this conversation, and those that were dropped because what they answer was changed meanwhile.
    said_to: answers to whoever of the authors got fewest.
    by_author: messages of each that were taken up within the last minute; by_connection, by_workspace: of everybody.
    told_until: all authors were told to wait, until then.
    """

    is_held_up: bool
    said: int
    said_to: int
    by_author: Mapping[str, int] = field(default_factory=dict)
    told_until: datetime | None = None
    by_connection: int = 0
    by_workspace: int = 0


LOOK = """
WITH asking AS (
    SELECT author, past.*
      FROM unnest(%(authors)s::text[]) AS asking (author), LATERAL (
          SELECT count(DISTINCT event.run_id) AS answers,
                 count(*) FILTER (WHERE event.taken_at > %(minute)s) AS taken,
                 max(event.held_until) FILTER (WHERE event.held_until > %(now)s) AS told_until
            FROM channels_contact handle
            JOIN channels_contact other ON other.person_id = handle.person_id
            JOIN channels_inboxevent event ON event.connection_id = other.connection_id
                                          AND event.author = other.external_id AND event.author <> ''
           WHERE handle.connection_id = %(connection)s AND handle.external_id = asking.author
             AND event.received_at > %(day)s) AS past
), taken AS (
    SELECT count(*) FILTER (WHERE connection_id = %(connection)s) AS here, count(*) AS everywhere
      FROM channels_inboxevent WHERE taken_at > %(minute)s
)
SELECT EXISTS (SELECT FROM channels_delivery
                WHERE thread_id = %(thread)s
                  AND (state IN ('pending', 'sending') OR state = 'unknown' AND unknown_since > %(freed)s)),
       (SELECT count(*) FROM agents_turn
         WHERE conversation_id = %(conversation)s AND speaker = 'employee' AND said_at > %(window)s)
       + (SELECT count(*) FROM agents_run
           WHERE conversation_id = %(conversation)s AND state = 'superseded' AND started_at > %(window)s),
       coalesce((SELECT min(answers) FROM asking), 0),
       coalesce((SELECT jsonb_object_agg(author, taken) FROM asking), '{}')::text,
       (SELECT CASE WHEN bool_and(told_until IS NOT NULL) THEN min(told_until) END FROM asking),
       taken.here, taken.everywhere
  FROM taken
"""


def look(thread: Thread, authors: Collection[str], now: datetime) -> Look:
    """All of it in one statement, for a locked thread, inside the tenant's scope.

    In SQL, because with every message Django would take longer to build it than Postgres to answer it. Prepared, where
    our own pool keeps connections.
    """
    values: dict[str, Any] = {
        "thread": thread.id,
        "conversation": thread.conversation_id,
        "connection": thread.connection_id,
        "authors": sorted({*authors} - {""}),
        "freed": now - timedelta(seconds=settings.UNKNOWN_FREES_SECONDS),
        "window": now - timedelta(seconds=settings.LOOP_SECONDS),
        "now": now,
        "minute": now - MINUTE,
        "day": now - DAY,
    }
    with preparing_cursor() as cursor:
        cursor.execute(LOOK, values)
        is_held_up, said, said_to, by_author, *others = cursor.fetchone()
    return Look(is_held_up, said, said_to, json.loads(by_author), *others)
