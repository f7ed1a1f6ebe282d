"""What is asked of Postgres about leases: one statement for each kind of job, all in one round trip.

It works as the role `sweeper`, which may change one column of job tables, leased_until, and only prolong it.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import connection
from django.utils import timezone

from tenants.jobs.hold import Hold, Key
from tenants.models import Job
from tenants.scope import ask_as_sweeper

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 3
"""Of these statements: one that hangs must not let other leases run out."""

OURS = """
    SELECT job.id, job.attempt
      FROM "{table}" job JOIN unnest(%s::uuid[], %s::integer[]) AS held (id, attempt) USING (id, attempt)
     WHERE job.leased_until IS NOT NULL
"""
# A row that somebody has locked is renewed at the next look: one slow transaction must not hold up all others.
RENEW = f"""
    WITH free AS ({OURS} FOR NO KEY UPDATE OF job SKIP LOCKED), renewed AS (
        UPDATE "{{table}}" job SET leased_until = %s FROM free WHERE job.id = free.id RETURNING job.id
    )
    SELECT ours.id, ours.attempt, renewed.id IS NOT NULL FROM ({OURS}) ours LEFT JOIN renewed USING (id)
"""  # noqa: S608 - the names of our own tables


class Answer:
    """What Postgres says of one kind of jobs: which are still ours, and which of them were renewed now."""

    def __init__(self, model: type[Job], asked: Collection[Hold], rows: Iterable[tuple[UUID, int, bool]]) -> None:
        self.model, self.asked = model, asked
        found = list(rows)
        self.ours = {(job_id, attempt) for job_id, attempt, _ in found}
        self.renewed = {(job_id, attempt) for job_id, attempt, is_renewed in found if is_renewed}


def answers(holds: Collection[Hold], until: datetime | None) -> list[Answer]:
    """One statement for each kind, all in one round trip. until: the new end of the leases; None only looks."""
    kinds = {hold.model: [each for each in holds if each.model is hold.model] for hold in holds}
    try:
        return _ask(kinds, until)
    except DatabaseFault:
        if len(kinds) < 2:
            raise
        log.warning("Leases could not be renewed together, so each kind is tried alone")
        connection.close()
    return [answer for kind, its in kinds.items() for answer in _ask_alone(kind, its, until)]


def _ask_alone(kind: type[Job], holds: Collection[Hold], until: datetime | None) -> list[Answer]:
    """A table that fails must not cost the jobs of the others their leases."""
    try:
        return _ask({kind: holds}, until)
    except DatabaseFault as error:
        log.warning("Leases of %s could not be renewed: %s", kind._meta.label, error)
        connection.close()
        return []


def _ask(kinds: Mapping[type[Job], Collection[Hold]], until: datetime | None) -> list[Answer]:
    if not kinds:
        return []
    asked = [_statement(kind, [hold.key for hold in holds], until) for kind, holds in kinds.items()]
    _, *found = ask_as_sweeper([(f"SET LOCAL statement_timeout = '{TIMEOUT_SECONDS}s'", ()), *asked])
    return [
        Answer(kind, holds, ((row[0], row[1], until is not None and row[2]) for row in rows))
        for (kind, holds), rows in zip(kinds.items(), found, strict=True)
    ]


def _statement(kind: type[Job], keys: Collection[Key], until: datetime | None) -> tuple[str, tuple[object, ...]]:
    table = kind._meta.db_table
    ours = ([job_id for job_id, _ in keys], [attempt for _, attempt in keys])
    if until is None:
        return OURS.format(table=table), ours
    return RENEW.format(table=table), (*ours, until, *ours)


def lease_from_now() -> datetime:
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


def renew(model: type[Job], held: Collection[Key]) -> set[UUID]:
    """Renew these leases now. Open no transaction around this. Returns the ids of those that are still ours."""
    holds = [Hold(model, key) for key in held]
    return {job_id for answer in answers(holds, lease_from_now()) for job_id, _ in answer.ours}
