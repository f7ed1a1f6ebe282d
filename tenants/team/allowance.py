"""How many workspaces an account may make by itself, since each comes with trial credit."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.audit import journal
from tenants.audit.actions import WORKSPACE_CREATED
from tenants.models import AccountEvent, Membership, Role, Tenant, User
from tenants.team import workspaces
from tenants.wordings import Wording

MOST_OWNED = 5
MOST_MADE = 5
MADE_WITHIN = timedelta(days=30)
"""Handing workspaces over or deleting them does not make room for more before that."""
ITS_ADDRESS = Wording("tenants.workspace_address", _("Its address is %(slug)s."))


class AllowanceError(Exception):
    """The account has, or made lately, as many workspaces as it may. The text says what to do."""


def create(name: str, owner: User, *, time_zone: str) -> Tenant:
    """A workspace that somebody makes for themselves, as workspaces.create does it.

    Raises AllowanceError, and what workspaces.create raises.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(id=owner.id)  # two at once are counted one after the other
        _refuse_more(owner)
        tenant = workspaces.create(name, owner, time_zone=time_zone)
        journal.record_account(WORKSPACE_CREATED, owner, detail=ITS_ADDRESS(slug=tenant.slug))
    return tenant


def _refuse_more(owner: User) -> None:
    if Membership.objects.filter(user=owner, role=Role.OWNER).count() >= MOST_OWNED:
        raise AllowanceError(
            f"You own {MOST_OWNED} workspaces, as many as one account may: hand one over or delete one first."
        )
    since = timezone.now() - MADE_WITHIN
    made = AccountEvent.objects.filter(account_id=owner.id, action=WORKSPACE_CREATED.name, at__gt=since)
    if made.count() >= MOST_MADE:
        raise AllowanceError(
            f"You made {MOST_MADE} workspaces within {MADE_WITHIN.days} days, as many as one account may: wait a while."
        )
