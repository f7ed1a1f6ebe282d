"""Which places are due: what came in is to be heard, or a conversation to be answered, and nobody is at it."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from channels.messages.incoming.room import Place
from tenants.scope import ask_as_sweeper

OF_EACH = 1_000
"""Events of one tenant that are looked at, the oldest: however much one has, the others are seen."""

# Who has open events is found by skipping from one tenant to the next in an index.
# Quiet means: nothing more came for a moment, or the first has waited long enough. What is over a limit waits unseen
# until its minute is over, so that it does not stand before others.
DUE = """
WITH RECURSIVE tenants AS (
    (SELECT tenant_id FROM channels_inboxevent WHERE state IN ('received', 'pending', 'running')
      ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT event.tenant_id FROM channels_inboxevent event
             WHERE event.state IN ('received', 'pending', 'running') AND event.tenant_id > tenants.tenant_id
             ORDER BY event.tenant_id LIMIT 1)
      FROM tenants WHERE tenants.tenant_id IS NOT NULL
), waiting AS (
    SELECT opened.* FROM tenants, LATERAL (
        SELECT event.tenant_id, event.connection_id, event.place_id, event.thread_id, event.received_at, event.due_at
          FROM channels_inboxevent event
         WHERE event.tenant_id = tenants.tenant_id AND event.place_id IS NOT NULL
           AND event.state IN ('received', 'pending', 'running')
           AND (event.held_until IS NULL OR event.held_until <= %s)
         ORDER BY event.received_at LIMIT %s) opened
), due AS (
    SELECT waiting.tenant_id, connection_id, waiting.place_id, min(waiting.received_at) AS since
      FROM waiting
     WHERE NOT EXISTS (
               SELECT FROM channels_thread thread
                WHERE thread.id = waiting.thread_id
                  AND (thread.leased_until > %s OR thread.retry_at > %s OR EXISTS (
                          SELECT FROM channels_delivery delivery
                           WHERE delivery.thread_id = thread.id
                             AND (delivery.state IN ('pending', 'sending')
                                  OR (delivery.state = 'unknown' AND delivery.unknown_since > %s)))))
       AND NOT EXISTS (
               SELECT FROM unnest(%s::uuid[], %s::uuid[]) AS busy (connection_id, place_id)
                WHERE busy.connection_id = waiting.connection_id AND busy.place_id = waiting.place_id)
     GROUP BY waiting.tenant_id, connection_id, waiting.place_id
    HAVING coalesce(least(max(waiting.due_at), min(waiting.received_at) + %s), %s) <= %s
), ranked AS (
    SELECT due.*, coalesce(running.number, 0) + row_number() OVER (PARTITION BY due.tenant_id ORDER BY since) AS number
      FROM due LEFT JOIN unnest(%s::uuid[], %s::integer[]) AS running (tenant_id, number) USING (tenant_id)
)
SELECT tenant_id, connection_id, place_id FROM ranked WHERE number <= %s ORDER BY number, since LIMIT %s
"""


def places(most: int, share: int, busy: Collection[Place], running: Mapping[UUID, int]) -> list[Place]:
    """At most so many due places of all tenants, in turn by tenant; one statement, as the role `sweeper`.

    share: how many of them a tenant may have, with those that are `running` already. busy: places to leave out.
    Open no transaction around this.
    """
    now = timezone.now()
    freed = now - timedelta(seconds=settings.UNKNOWN_FREES_SECONDS)
    quiet = timedelta(seconds=settings.QUIET_MAX_SECONDS)
    values = [
        now, OF_EACH, now, now, freed,
        [place.connection_id for place in busy], [place.place_id for place in busy],
        quiet, now, now,
        list(running), list(running.values()), share, most,
    ]  # fmt: skip
    found = ask_as_sweeper([(DUE, values)])[-1]
    return [Place(*row) for row in found]
