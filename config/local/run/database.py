"""`python -m config.local.run.database`: sets up roles, tables and the sandbox's Stripe in one process."""

import os
import sys
import time
from http import HTTPStatus
from io import StringIO
from urllib.request import urlopen

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from config.local import schema

SANDBOX_SECONDS = 20
PAUSE_SECONDS = 0.1


def prepare() -> None:
    """Brings roles and tables up to date, if we have the credentials for it; raises CommandError."""
    if settings.DATABASE_ADMIN_URL:
        call_command("provision_database")
    else:
        sys.stdout.write("DATABASE_ADMIN_URL is not set: roles and grants stay as they are.\n")
    if "owner" in settings.DATABASES:
        schema.migrate()
    else:
        sys.stdout.write("DATABASE_OWNER_URL is not set: tables stay as they are.\n")


def set_up_sandbox_stripe() -> None:
    """Sets up our prices and our webhook in the sandbox's Stripe. Without them everything but subscribing works."""
    if not ("stripe" in settings.SANDBOX and settings.STRIPE_API_URL.startswith(settings.SANDBOX_URL)):
        return
    try:
        _wait_for_sandbox()
        call_command("setup_stripe", stdout=StringIO())
    except CommandError as error:
        sys.stdout.write(f"The sandbox's Stripe is not set up: {error}\n")


def _wait_for_sandbox() -> None:
    """Wait for the sandbox, which was started a moment ago. Raises CommandError if it does not answer in time."""
    deadline = time.monotonic() + SANDBOX_SECONDS
    while not _is_up():
        if time.monotonic() > deadline:
            raise CommandError(f"{settings.SANDBOX_URL} does not answer.")
        time.sleep(PAUSE_SECONDS)


def _is_up() -> bool:
    try:
        with urlopen(f"{settings.SANDBOX_URL}/healthz", timeout=SANDBOX_SECONDS) as answer:  # noqa: S310 - settings check that it is http
            return bool(answer.status == HTTPStatus.OK)
    except OSError:  # urllib's errors, too
        return False


def main() -> None:
    """Exits with one sentence if the configuration or the database is at fault."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        django.setup()
        prepare()
    except (ImproperlyConfigured, CommandError) as error:
        sys.exit(str(error))
    set_up_sandbox_stripe()


if __name__ == "__main__":
    main()
