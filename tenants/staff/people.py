"""Closing somebody's account and reopening it."""

from allauth.usersessions.models import UserSession
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from tenants.audit import actions
from tenants.models import User
from tenants.staff.database import STAFF
from tenants.staff.trail import note


def deactivate(user: User, by: User) -> bool:
    """Nobody can log in to this account any more, and its sessions end. False if it was already deactivated.

    Raises PermissionDenied for one's own account, and for another staff person's unless `by` is a superuser.
    """
    if not _set_active(user, by, is_active=False):
        return False
    note(actions.ACCOUNT_DEACTIVATED, user, changes={"is_active": [True, False]})
    transaction.on_commit(lambda: _end_sessions(user), using=STAFF)
    return True


def reactivate(user: User, by: User) -> bool:
    """People can log in to the account again. False if it was active. Raises PermissionDenied as deactivate()."""
    if not _set_active(user, by, is_active=True):
        return False
    note(actions.ACCOUNT_REACTIVATED, user, changes={"is_active": [False, True]})
    return True


def _set_active(user: User, by: User, *, is_active: bool) -> bool:
    if user.pk == by.pk:
        raise PermissionDenied(_("You cannot close your own account here: ask another superuser."))
    if (user.is_staff or user.is_superuser) and not by.is_superuser:
        raise PermissionDenied(
            _("%(user)s is staff: only a superuser can open and close accounts of staff.") % {"user": user}
        )
    rows = User.objects.using(STAFF).filter(pk=user.pk, is_active=not is_active)
    return rows.update(is_active=is_active) == 1


def _end_sessions(user: User) -> None:
    """Sessions belong to the role `app`; `staff` cannot even read them. A closed account is refused anyway."""
    for session in UserSession.objects.filter(user_id=user.pk):
        session.end()
