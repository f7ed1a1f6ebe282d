"""Brings a database's tables up to date, for `make run` and the tests: dj-stripe's take seconds instead of a minute."""

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import override_settings

OWNER = "owner"
MIRROR = "djstripe"


def migrate() -> None:
    """Migrate as `owner`; raises CommandError or a database error.

    dj-stripe's migrations take 50 s, because each of their hundreds of steps renders all of its models. If none is
    applied yet, its tables are created directly from its models, and its migrations are marked as applied. The other
    apps' migrations run first, or their steps would render dj-stripe's models, too. The tables are created in one
    transaction, so an interrupted run can be repeated. tests/schema shows that both ways lead to the same schema.
    """
    if _is_mirrored():
        _migrate()
        return
    _migrate_others()
    with override_settings(MIGRATION_MODULES={**settings.MIGRATION_MODULES, MIRROR: None}):
        _migrate(run_syncdb=True)
    _migrate(MIRROR, fake=True)


def _is_mirrored() -> bool:
    """Is any migration of dj-stripe applied?"""
    return any(app == MIRROR for app, _ in MigrationRecorder(connections[OWNER]).applied_migrations())


def _migrate_others() -> None:
    """Migrate all apps but dj-stripe; none depends on it. Signals are left out: the next step sends them."""
    executor = MigrationExecutor(connections[OWNER])
    executor.migrate([leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] != MIRROR])


def _migrate(*apps: str, **options: bool) -> None:
    # The checks load every view, which takes seconds; `make check` and the tests run them.
    call_command("migrate", *apps, database=OWNER, interactive=False, verbosity=0, skip_checks=True, **options)
