"""The days in which the deletion of a workspace can still be canceled: `app` cannot shorten them.

A Postgres function of `owner` says how many; each migration replaces it, from DELETION_GRACE_DAYS.
"""

from datetime import timedelta

from django.conf import settings
from django.db import connection, connections

KEEP = """
CREATE OR REPLACE FUNCTION deletion_grace() RETURNS interval
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT make_interval(days => {days:d}) $$
"""
IS_THERE = "SELECT to_regprocedure('deletion_grace()') IS NOT NULL"


def keep(sender: object, using: str, **kwargs: object) -> None:
    """After migrations by the alias `owner`: tell Postgres the setting."""
    if using != "owner":
        return
    with connections[using].cursor() as cursor:
        cursor.execute(IS_THERE)  # not after a migration to an earlier state
        if cursor.fetchone()[0]:
            cursor.execute(KEEP.format(days=settings.DELETION_GRACE_DAYS))


def period() -> timedelta:
    """How long after the request the deletion of a workspace can be canceled."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT deletion_grace()")
        found: timedelta = cursor.fetchone()[0]
    return found
