"""How somebody logged in, in a sentence that the account's history keeps."""

from collections.abc import Iterable
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.models import User
from tenants.wordings import NOTHING, Reason, Wording

APP = Authenticator.Type.TOTP.value
PASSKEY = Authenticator.Type.WEBAUTHN.value
RECOVERY = Authenticator.Type.RECOVERY_CODES.value

SECOND_STEPS = {
    APP: Wording("tenants.second_step.app", _("Authenticator app.")),
    PASSKEY: Wording("tenants.second_step.passkey", _("Passkey.")),
    RECOVERY: Wording("tenants.second_step.recovery", _("Recovery codes.")),
}
"""What a second step is, by allauth's type."""

METHODS = {
    ("password", ""): Wording("tenants.log_in.password", _("With a password.")),
    ("password", APP): Wording("tenants.log_in.password_app", _("With a password and an authenticator app.")),
    ("password", PASSKEY): Wording("tenants.log_in.password_passkey", _("With a password and a passkey.")),
    ("password", RECOVERY): Wording("tenants.log_in.password_recovery", _("With a password and a recovery code.")),
    ("code", ""): Wording("tenants.log_in.code", _("With a code from a mail.")),
    ("code", APP): Wording("tenants.log_in.code_app", _("With a code from a mail and an authenticator app.")),
    ("code", PASSKEY): Wording("tenants.log_in.code_passkey", _("With a code from a mail and a passkey.")),
    ("code", RECOVERY): Wording("tenants.log_in.code_recovery", _("With a code from a mail and a recovery code.")),
    ("password_reset", ""): Wording("tenants.log_in.reset", _("After choosing a new password.")),
    ("password_reset", APP): Wording(
        "tenants.log_in.reset_app", _("After choosing a new password, with an authenticator app.")
    ),
    ("password_reset", PASSKEY): Wording(
        "tenants.log_in.reset_passkey", _("After choosing a new password, with a passkey.")
    ),
    ("password_reset", RECOVERY): Wording(
        "tenants.log_in.reset_recovery", _("After choosing a new password, with a recovery code.")
    ),
    ("socialaccount", ""): Wording("tenants.log_in.provider", _("With %(provider)s.")),
    ("socialaccount", APP): Wording("tenants.log_in.provider_app", _("With %(provider)s and an authenticator app.")),
    ("socialaccount", PASSKEY): Wording("tenants.log_in.provider_passkey", _("With %(provider)s and a passkey.")),
    ("socialaccount", RECOVERY): Wording(
        "tenants.log_in.provider_recovery", _("With %(provider)s and a recovery code.")
    ),
    ("", PASSKEY): Wording("tenants.log_in.passkey", _("With a passkey.")),
}
"""By allauth's method and the second step, if there was one."""


def of(request: HttpRequest, user: User) -> Reason:
    """How this session's user proved who they are. Nothing if allauth did not record it."""
    records = get_authentication_records(request, user) if hasattr(request, "session") else []
    first = _latest(record for record in records if record["method"] != "mfa")
    second = _latest(record for record in records if record["method"] == "mfa")
    wording = METHODS.get((str(first.get("method", "")), str(second.get("type", ""))))
    return wording(provider=str(first.get("provider", "")).capitalize()) if wording else NOTHING


def second_step(authenticator: Authenticator) -> Reason:
    """Which second step this is."""
    wording = SECOND_STEPS.get(authenticator.type)
    return wording() if wording else NOTHING


def _latest(records: Iterable[dict[str, Any]]) -> dict[str, Any]:
    found = list(records)
    return found[-1] if found else {}
