"""`manage.py replay`: failed messages and deliveries once more."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from channels.messages import replays
from tenants.models import Tenant
from tenants.scope import tenant_scope


class Command(BaseCommand):
    help = "Answer failed messages and send failed deliveries once more, in one workspace or all."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("slug", nargs="?", default="", help="the workspace's address; default: every workspace")
        parser.add_argument("--hours", type=float, default=24, help="how far back; default: 24")

    def handle(self, *args: Any, slug: str, hours: float, **options: Any) -> None:
        since = timezone.now() - timedelta(hours=hours)
        tenants = Tenant.objects.filter(slug=slug) if slug else Tenant.objects.order_by("slug")
        if slug and not tenants:
            raise CommandError(f"There is no workspace {slug!r}: give the part after /t/ of its address.")
        for tenant in tenants:
            with tenant_scope(tenant.id):
                replayed = replays.replay(since)
            if replayed.deliveries or replayed.events:
                self.stdout.write(f"{tenant.slug}: {replayed.events} to answer, {replayed.deliveries} to send again")
