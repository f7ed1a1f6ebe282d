"""Connecting a number: each thing that it needs asked of Meta, or told to it, one after the other.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override/
"""

import time
from collections.abc import Mapping
from uuid import UUID

from django.utils.translation import gettext as _

from channels.providers.base import DeliveryRefusedError
from channels.providers.connecting import Installed, NotAcceptedError
from channels.providers.shapes.sending import Account
from channels.providers.whatsapp import calls
from channels.providers.whatsapp.answers import Done, Number, TokenFacts
from channels.providers.whatsapp.checking import found
from channels.providers.whatsapp.checking.found import ACCOUNT, PHONE, PIN, SCOPES, TOKEN
from channels.providers.whatsapp.credentials import APP_SECRET, verify_token_of
from channels.providers.whatsapp.errors import PERMISSIONS

PROVIDER = "whatsapp"
LONGEST_NAME = 100
INSTALL_SECONDS = 8.0
"""For what is asked before anything is changed."""


def installed(account: Account, number: Number, connection_id: UUID | None, facts: Mapping[str, str]) -> Installed:
    """A number that was found, and whose events come to us."""
    shown = number.display_phone_number
    return Installed(
        provider=PROVIDER,
        external_id=number.id,
        name=" ".join(filter(None, (number.verified_name, shown)))[:LONGEST_NAME] or number.id,
        token=account.token,
        bot_user_id=number.id,
        installer_id=shown[:40],
        scopes=",".join(SCOPES),
        secrets=account.secrets,
        facts=facts,
        connection_id=connection_id,
    )


def check_token(account: Account) -> TokenFacts | None:
    """What Meta says about the token, before the app secret is used with it. A temporary one works for now.

    https://developers.facebook.com/docs/graph-api/reference/debug_token
    """
    try:
        told = found.inspect(account, time.monotonic() + INSTALL_SECONDS)
    except DeliveryRefusedError as refusal:
        if refusal.code in found.DEAD:
            raise NotAcceptedError(_wrong_token(), TOKEN) from refusal
        return None  # not every token may look at itself: what follows shows whether it is good
    if not told.is_valid:
        raise NotAcceptedError(_wrong_token(), TOKEN)
    missing = found.missing_of(told)
    if missing:
        raise NotAcceptedError(_lacks(", ".join(missing)), TOKEN)
    return told


def _wrong_token() -> str:
    return _("Meta does not accept this access token: it is incomplete, expired or revoked. Copy a new one.")


def _lacks(scopes: str) -> str:
    return _(
        "This access token lacks a permission: %(scopes)s. Generate a new one in Meta's Business Settings under System "
        "users, and tick it."
    ) % {"scopes": scopes}


def number(account: Account) -> Number:
    """The number, asked with the proof that the app secret makes: first of all Meta says whether that is right."""
    try:
        return calls.get(Number, account, account.bot_user_id, found.NUMBER_FIELDS)
    except DeliveryRefusedError as refusal:
        if calls.PROOF in calls.details_of(refusal):
            sentence = _("This is not the secret of the app that the access token belongs to: copy it once more.")
            raise NotAcceptedError(sentence, APP_SECRET) from refusal
        if refusal.code in found.UNKNOWN_OBJECT:
            sentence = _(
                "Meta finds no phone number with this ID that the access token may use. Copy the ID once more, and "
                "assign the WhatsApp account to the system user."
            )
            raise NotAcceptedError(sentence, PHONE) from refusal
        raise refused(refusal) from refusal


def account_id(account: Account, end: float) -> str:
    """Whose number it is, as far as the token tells."""
    account_id = found.account_with(account, account.bot_user_id, end)
    if not account_id:
        sentence = _("Meta does not tell the account of this number. Copy its ID: it stands below the phone number ID.")
        raise NotAcceptedError(sentence, ACCOUNT)
    return account_id


def register(account: Account, pin: str) -> None:
    """Let the number send by this API, if somebody chose a PIN for that.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/registration
    """
    if not pin:
        return
    try:
        calls.post(Done, account, f"{account.bot_user_id}/register", {"messaging_product": PROVIDER, "pin": pin})
    except DeliveryRefusedError as refusal:
        told = {"code": refusal.code, "details": calls.details_of(refusal)}
        sentence = _("Meta did not register the number with this PIN (code %(code)s): %(details)s")
        raise NotAcceptedError(sentence % told, PIN) from refusal


def listen(account: Account, account_id: str, address: str) -> bool:
    """Subscribe the app to the account, and send this number's events to our address and no other's.

    False if Meta lets only an admin do it, who pastes the address by hand.
    """
    try:
        calls.post(Done, account, f"{account_id}/subscribed_apps", {})
    except DeliveryRefusedError as refusal:
        if refusal.code in found.UNKNOWN_OBJECT:
            sentence = _("Meta finds no WhatsApp account with this ID that the access token may use.")
            raise NotAcceptedError(sentence, ACCOUNT) from refusal
        if _is_forbidden(refusal):
            return False
        raise refused(refusal) from refusal
    return register_address(account, address, verify_token_of(account.secrets))


def register_address(account: Account, address: str, verify_token: str) -> bool:
    """Send this number's events to this address, which Meta tries at once. False if only an admin may do that."""
    override = {"override_callback_uri": address, "verify_token": verify_token}
    try:
        calls.post(Done, account, account.bot_user_id, {"webhook_configuration": override})
    except DeliveryRefusedError as refusal:
        if refusal.code in found.UNKNOWN_OBJECT | {"2200"}:
            sentence = _("Meta could not reach %(address)s, where it sends messages. It has to be on the internet.")
            raise NotAcceptedError(sentence % {"address": address}) from refusal
        if _is_forbidden(refusal):
            return False
        raise refused(refusal) from refusal
    return True


def _is_forbidden(refusal: DeliveryRefusedError) -> bool:
    return int(refusal.code or -1) in PERMISSIONS


def refused(refusal: DeliveryRefusedError) -> NotAcceptedError:
    """What is not about one value alone: a dead token, a permission, anything else in Meta's own words."""
    if refusal.code in found.DEAD:
        return NotAcceptedError(_wrong_token(), TOKEN)
    if _is_forbidden(refusal):
        return NotAcceptedError(_lacks(", ".join(SCOPES)), TOKEN)
    told = {"code": refusal.code, "details": calls.details_of(refusal)}
    return NotAcceptedError(_("Meta refused it (code %(code)s): %(details)s") % told)
