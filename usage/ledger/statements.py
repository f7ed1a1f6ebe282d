"""The ledger's own SQL: what a message costs here has to be decided and written in one statement each.

The ORM cannot reserve and hold at once, nor add to a row that may not exist. Rows of other tenants are not seen, by
row-level security; meters are locked in the order of their ids, so that two calls never wait for each other.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from tenants.statements import Write, insert
from usage.models import DailyMessages, DailyUsage

# `wanted` waits for whoever has a meter, and reads it as it is then; nothing is reserved unless all of them have room.
RESERVE = """
WITH wanted AS (
    SELECT id, cap_usd IS NULL OR cap_usd >= spent_usd + reserved_usd + %(amount)s AS has_room
      FROM usage_meter WHERE key = ANY(%(keys)s) ORDER BY id FOR NO KEY UPDATE
), reserved AS (
    UPDATE usage_meter AS meter
       SET reserved_usd = meter.reserved_usd + %(amount)s, refused_usd = NULL, refused_since = NULL
      FROM wanted
     WHERE meter.id = wanted.id AND (SELECT count(*) FILTER (WHERE has_room) FROM wanted) = %(meters)s
    RETURNING meter.id, meter.tenant_id
)
INSERT INTO usage_hold (id, tenant_id, meter_id, reference, amount_usd, state, created_at)
SELECT (%(ids)s::uuid[])[row_number() OVER (ORDER BY id)], tenant_id, id, %(reference)s, %(amount)s, 'open', %(now)s
  FROM reserved
"""

# A hold is found by its meter, since that is how holds are indexed.
SETTLE = """
WITH settled AS (
    UPDATE usage_hold SET state = 'settled'
     WHERE meter_id IN (SELECT id FROM usage_meter) AND reference = %(reference)s AND state = 'open'
    RETURNING meter_id, amount_usd
), locked AS (
    SELECT meter.id, settled.amount_usd FROM usage_meter AS meter JOIN settled ON settled.meter_id = meter.id
     ORDER BY meter.id FOR NO KEY UPDATE OF meter
)
UPDATE usage_meter AS meter
   SET reserved_usd = meter.reserved_usd - locked.amount_usd, spent_usd = meter.spent_usd + %(actual)s
  FROM locked WHERE meter.id = locked.id
"""


def reserve(keys: Sequence[str], reference: UUID, amount_usd: Decimal) -> bool:
    """Hold an amount on each of these meters, or on none. False if one has no room, or does not exist."""
    values = {
        "keys": list(keys),
        "meters": len(keys),
        "ids": [uuid7() for _ in keys],
        "reference": reference,
        "amount": amount_usd,
        "now": timezone.now(),
    }
    return _execute(RESERVE, values)


def settle(reference: UUID, actual_usd: Decimal) -> bool:
    """Turn open holds into spending. False if there were none."""
    return _execute(SETTLE, {"reference": reference, "actual": actual_usd})


def _execute(text: str, values: dict[str, Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return bool(cursor.rowcount)


def add(row: DailyUsage | DailyMessages, sums: Sequence[str]) -> Write:
    """Add these columns of a day's row to the row that is there, or insert it. The employee's newest name stays."""
    table = row._meta.db_table
    (key,) = (each.fields for each in row._meta.total_unique_constraints if "day" in each.fields)
    columns = ", ".join(f"{name}_id" if name == "tenant" else name for name in key)
    added = ", ".join(f"{name} = {table}.{name} + EXCLUDED.{name}" for name in sums)
    new = insert(row)
    changes = f"DO UPDATE SET agent_name = EXCLUDED.agent_name, {added}"
    return Write(" ".join((new.text, "ON CONFLICT", f"({columns})", changes)), new.values)
