"""`manage.py rotate_encryption_keys`: every stored secret under the newest of PLATFORM_ENCRYPTION_KEYS."""

import time
from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants import encryption
from tenants.privacy import rotation
from tenants.privacy.rotation import Renewal

PROGRESS_SECONDS = 2


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret with the first of PLATFORM_ENCRYPTION_KEYS. Run it when all processes have that "
        "key first, while they serve. Safe to stop and to repeat; says at the end which keys may be removed."
    )

    _told_at = 0.0

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Encrypting with key {encryption.newest_key_id()}.")
        renewals = rotation.rotate(self._progress)
        for renewal in renewals:
            self._report(renewal)
        usage = rotation.key_usage()
        self._report_keys(usage)
        self._fail(renewals, usage)

    def _progress(self, renewal: Renewal) -> None:
        if time.monotonic() - self._told_at >= PROGRESS_SECONDS:
            self._told_at = time.monotonic()
            self.stdout.write(f"{renewal.place.name}: {renewal.renewed} encrypted anew ...")

    def _report(self, renewal: Renewal) -> None:
        self.stdout.write(f"{renewal.place.name}: done, {renewal.renewed} encrypted anew.")
        for row in renewal.lost:
            self.stderr.write(f"{renewal.place.name} of row {row}: none of PLATFORM_ENCRYPTION_KEYS opens it.")
        for row in renewal.busy:
            self.stderr.write(f"{renewal.place.name} of row {row}: another program holds it; run this again.")

    def _report_keys(self, usage: Counter[str]) -> None:
        for name in map(encryption.key_id, settings.PLATFORM_ENCRYPTION_KEYS[1:]):
            verdict = "keep it" if usage[name] else "it may be removed from PLATFORM_ENCRYPTION_KEYS"
            self.stdout.write(f"Key {name}: {usage[name]} secrets remain under it, {verdict}.")

    def _fail(self, renewals: list[Renewal], usage: Counter[str]) -> None:
        """Raises CommandError if anything is not under the newest key."""
        remaining = usage.total() - usage[encryption.newest_key_id()]
        if lost := sum(len(renewal.lost) for renewal in renewals):
            raise CommandError(
                f"{lost} secrets cannot be opened: put the key back that encrypted them, or have them entered again."
            )
        if remaining:
            raise CommandError(f"{remaining} secrets are still under an older key: run this again.")
        self.stdout.write(f"All {usage.total()} secrets are under key {encryption.newest_key_id()}.")
