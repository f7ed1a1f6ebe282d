"""`manage.py create_tenant SLUG --owner EMAIL`: a workspace with its owner and an API token, printed as JSON."""

import json
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from tenants.models import Role, User
from tenants.scope import tenant_scope
from tenants.team import tokens, workspaces


class Command(BaseCommand):
    help = "Create a workspace and print JSON with `tenant`, `owner` and a fresh `api_token`."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("slug", help="the workspace's address: /t/<slug>/")
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="its owner; the account is made if new")
        parser.add_argument("--name", default="", help="its name; default: made from the slug")

    def handle(self, *args: Any, slug: str, owner: str, name: str, **options: Any) -> None:
        try:
            with transaction.atomic():
                user = owner_account(owner)
                tenant = workspaces.create(name or slug.replace("-", " ").title(), user, slug=slug)
                with tenant_scope(tenant.id):
                    _, plain = tokens.issue(tenant, "Made by create_tenant", Role.OWNER)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(json.dumps({"tenant": tenant.slug, "owner": user.email, "api_token": plain}))


def owner_account(email: str) -> User:
    """The account with this address, made if new. It has no password: its owner logs in by a code sent by e-mail.

    Raises django.core.exceptions.ValidationError for what is no address.
    """
    user = User.objects.find(email)
    if user is None:
        user = User.objects.create_user(email)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user
