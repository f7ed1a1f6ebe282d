"""`manage.py provision_database`: the roles and grants that the platform needs, made or brought up to date."""

from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from psycopg import conninfo

from tenants import database_roles


class Command(BaseCommand):
    help = "Create the Postgres roles owner, app, staff and sweeper, the database and its grants. Safe to repeat."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--admin-url",
            default=settings.DATABASE_ADMIN_URL,
            help="postgres:// URL of a superuser; default: DATABASE_ADMIN_URL",
        )

    def handle(self, *args: Any, admin_url: str, **options: Any) -> None:
        if not admin_url:
            raise CommandError(
                "Give --admin-url (or DATABASE_ADMIN_URL): a postgres:// URL of a role that may create roles."
            )
        database = str(settings.DATABASES["default"]["NAME"])
        passwords = {
            str(each["USER"]): str(each["PASSWORD"]) for each in settings.DATABASES.values() if each.get("PASSWORD")
        }
        staff = urlsplit(settings.DATABASE_STAFF_URL)
        if staff.password:
            passwords[staff.username or "staff"] = unquote(staff.password)
        try:
            with psycopg.connect(admin_url, autocommit=True) as connection:
                made = database_roles.provision(connection, database, passwords)
            with psycopg.connect(conninfo.make_conninfo(admin_url, dbname=database), autocommit=True) as connection:
                database_roles.grant(connection)
        except psycopg.Error as error:
            raise CommandError(f"Postgres refused: {error}. Use a superuser's URL in DATABASE_ADMIN_URL.") from error
        self.stdout.write(f"Database {database} is ready; roles made: {', '.join(made) or 'none, all were there'}.")
