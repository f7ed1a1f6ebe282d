"""How many workspaces an account may create by itself, since each comes with trial credit."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.audit import journal
from tenants.audit.actions import WORKSPACE_CREATED
from tenants.models import AccountEvent, Membership, Role, Tenant, User
from tenants.team import workspaces
from tenants.wordings import Wording

MOST_OWNED = 5
MOST_MADE = 5
MADE_WITHIN = timedelta(days=30)
"""Handing over or deleting workspaces does not make room for more before that."""
ITS_ADDRESS = Wording("tenants.its_address", _("Its address is %(slug)s."))


class AllowanceError(Exception):
    """The account has, or recently created, as many workspaces as it may. The text says what to do."""


def create(name: str, owner: User, *, time_zone: str) -> Tenant:
    """Create a workspace for somebody who asks for one, as workspaces.create does.

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
        words = gettext("You own %(number)s workspaces, which is the limit. Hand one over or delete one first.")
        raise AllowanceError(words % {"number": MOST_OWNED})
    since = timezone.now() - MADE_WITHIN
    made = AccountEvent.objects.filter(account_id=owner.id, action=WORKSPACE_CREATED.name, at__gt=since)
    if made.count() >= MOST_MADE:
        words = gettext("You created %(number)s workspaces within %(days)s days, which is the limit. Wait a while.")
        raise AllowanceError(words % {"number": MOST_MADE, "days": MADE_WITHIN.days})
