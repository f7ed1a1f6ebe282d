"""`python -m config.run.database`: roles and tables, in one process because Django takes seconds to load."""

import os
import sys

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from config import schema


def prepare() -> None:
    """Brings roles and tables up to date, each as far as we were given a role that may; raises CommandError."""
    if settings.DATABASE_ADMIN_URL:
        call_command("provision_database")
    else:
        sys.stdout.write("DATABASE_ADMIN_URL is not set: roles and grants are left as they are.\n")
    if "owner" in settings.DATABASES:
        schema.migrate()
    else:
        sys.stdout.write("DATABASE_OWNER_URL is not set: tables are left as they are.\n")


def main() -> None:
    """Exits with one sentence when the configuration or the database is to blame."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        django.setup()
        prepare()
    except (ImproperlyConfigured, CommandError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
