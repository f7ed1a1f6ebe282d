"""Whether staff have proven who they are: with a second step, recently, in this session."""

import time

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest

from tenants.models import User

SECOND_STEPS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def has_second_step(user: User) -> bool:
    """Has this account an authenticator app or a passkey?"""
    return bool(is_mfa_enabled(user, SECOND_STEPS))


def is_fresh(request: HttpRequest, user: User) -> bool:
    """Was it used in this session, at most settings.STAFF_SECOND_STEP_SECONDS ago?"""
    since = time.time() - settings.STAFF_SECOND_STEP_SECONDS
    return any(each["method"] == "mfa" and each["at"] > since for each in get_authentication_records(request, user))


def proven_staff(request: HttpRequest) -> User | None:
    """The staff person who sent this request, with the second step done; None for everybody else."""
    user = request.user
    if not isinstance(user, User) or not (user.is_active and user.is_staff):
        return None
    return user if is_fresh(request, user) and has_second_step(user) else None
