"""The days in which a workspace that is to be deleted can still be kept: `app` cannot shorten them.

A function of Postgres' owner says how many days; it is made anew after each migration, out of DELETION_GRACE_DAYS.
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
    """After migrations by the alias `owner`: have Postgres know the setting."""
    if using != "owner":
        return
    with connections[using].cursor() as cursor:
        cursor.execute(IS_THERE)  # not after a migration to an earlier state
        if cursor.fetchone()[0]:
            cursor.execute(KEEP.format(days=settings.DELETION_GRACE_DAYS))


def period() -> timedelta:
    """How long a workspace can be kept from the moment at which an owner asked to delete it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT deletion_grace()")
        found: timedelta = cursor.fetchone()[0]
    return found
