"""`manage.py remove_second_steps EMAIL`: for somebody who lost authenticator app, passkeys and recovery codes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.accounts import recovery
from tenants.models import User


class Command(BaseCommand):
    help = "Remove the second steps of an account, end its sessions and mail its owner. Make sure first who asks."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("email", help="the account's address")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.find(email)
        if user is None:
            raise CommandError(f"No account has the address {email}: look it up in the admin.")
        found, is_told = recovery.remove_second_steps(user)
        if not found:
            raise CommandError(f"{user} has no second step: nothing is changed.")
        told = "is told by mail" if is_told else "could not be told by mail: tell them yourself"
        self.stdout.write(f"{user} logs in without a second step now, was logged out everywhere, and {told}.")
