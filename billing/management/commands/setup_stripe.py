"""`manage.py setup_stripe`: the product, prices, portal and webhook endpoint in Stripe, as the catalogue has them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.errors import BillingError
from billing.stripe import setup


class Command(BaseCommand):
    help = (
        "Make or change in Stripe what Roster needs: product, prices, portal configuration, webhook endpoint. In the "
        "mode of STRIPE_SECRET_KEY, test or live. Safe to repeat; run it with each release, on one machine."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--new-webhook", action="store_true", help="replace the webhook endpoint: a new address and a new secret"
        )

    def handle(self, *args: Any, new_webhook: bool, **options: Any) -> None:
        try:
            setup.set_up(self.stdout.write, new_webhook=new_webhook)
        except BillingError as error:
            raise CommandError(str(error)) from error
