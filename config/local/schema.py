"""Bringing a database's tables up to date, for `make run` and the tests: dj-stripe's in seconds, not in a minute."""

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import override_settings

OWNER = "owner"
MIRROR = "djstripe"


def migrate() -> None:
    """Make or change tables as `owner`; raises CommandError or a database error.

    dj-stripe's migrations take 50 s because each of their hundreds of steps renders all of its models. Where none was
    applied yet, its tables are made from its models at once, and its migrations marked as applied: after those of all
    other apps, whose steps would otherwise render dj-stripe's models, too. Interrupted, it goes on from there: the
    tables are made in one transaction. tests/schema shows that both ways end in the same schema.
    """
    if _is_mirrored():
        _migrate()
        return
    _migrate_others()
    with override_settings(MIGRATION_MODULES={**settings.MIGRATION_MODULES, MIRROR: None}):
        _migrate(run_syncdb=True)
    _migrate(MIRROR, fake=True)


def _is_mirrored() -> bool:
    """Was any migration of dj-stripe applied?"""
    return any(app == MIRROR for app, _ in MigrationRecorder(connections[OWNER]).applied_migrations())


def _migrate_others() -> None:
    """All apps but dj-stripe, on which none depends. Without the signals, which the next step sends to all."""
    executor = MigrationExecutor(connections[OWNER])
    executor.migrate([leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] != MIRROR])


def _migrate(*apps: str, **options: bool) -> None:
    # The checks load every view and cost seconds; `make check` and the tests run them.
    call_command("migrate", *apps, database=OWNER, interactive=False, verbosity=0, skip_checks=True, **options)
