"""What Meta says about one value as soon as it is pasted, and what to do then.

https://developers.facebook.com/docs/graph-api/reference/debug_token and
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels.providers.base import DeliveryRefusedError
from channels.providers.connecting import CHECK_SECONDS, State, Verdict
from channels.providers.shapes.sending import Account
from channels.providers.whatsapp import calls
from channels.providers.whatsapp.answers import Named, Number, Numbers, TokenFacts
from channels.providers.whatsapp.checking.found import (
    ACCOUNT,
    DEAD,
    MESSAGING,
    MOST_SHOWN,
    NOT_REGISTERED,
    NUMBER_FIELDS,
    PHONE,
    PIN,
    TOKEN,
    about_number,
    about_token,
    account_of,
    account_with,
    inspect,
    is_id,
    is_pin,
    is_secret,
    is_token,
    left,
    missing_of,
    numbers_of,
)  # fmt: skip
from channels.providers.whatsapp.credentials import APP_SECRET
from channels.providers.whatsapp.errors import PERMISSIONS


def check(name: str, values: Mapping[str, str]) -> Verdict:
    """channels.providers.connecting.Form.check()."""
    return CHECKS[name](values, time.monotonic() + CHECK_SECONDS)


def _token(values: Mapping[str, str], end: float) -> Verdict:
    value = values.get(TOKEN, "")
    if not is_token(value):
        return _no_token(value)
    try:
        told = inspect(account_of({TOKEN: value}), end)
    except DeliveryRefusedError as refusal:
        if refusal.code in DEAD:
            return Verdict(State.BAD, _("Meta does not know this token (error %(code)s)") % {"code": refusal.code},
                           _whole(value))  # fmt: skip
        return Verdict(State.OK, _("Accepted for now"), _("Meta tells more once the number is checked."))
    if not told.is_valid:
        return Verdict(
            State.BAD,
            _("Meta does not accept this token any more"),
            _("It expired or was revoked. Generate a new one, and paste it here."),
        )
    missing = missing_of(told)
    if missing:
        return Verdict(State.BAD, lacks(missing), then_lacks(missing))
    if told.expires_at:
        return _temporary(told)
    return Verdict(State.OK, _("Works"), about_token(told.type, 0))


def _no_token(value: str) -> Verdict:
    if is_id(value):
        return Verdict(
            State.BAD,
            _("This is a phone number ID or an account ID"),
            _("The access token is one long word that begins with EAA. The ID belongs in field 3."),
        )
    if is_secret(value):
        return Verdict(
            State.BAD,
            _("This is an app secret"),
            _("It belongs in field 2. The access token is one long word that begins with EAA."),
        )
    return Verdict(State.BAD, _("This is not an access token"), _whole(value))


def _whole(value: str) -> str:
    return ngettext(
        "Copy all of it: it begins with EAA and has about 200 characters, this one has %(n)s.",
        "Copy all of it: it begins with EAA and has about 200 characters, this one has %(n)s.",
        len(value),
    ) % {"n": len(value)}


def _temporary(told: TokenFacts) -> Verdict:
    until = date_format(timezone.localtime(datetime.fromtimestamp(told.expires_at, UTC)), "j F, H:i")
    return Verdict(
        State.WARN,
        _("Works only until %(until)s") % {"until": until},
        _(
            "It is a temporary token: your AI employee would fall silent then. Make one of a system user that never "
            "expires, as in the picture, or go on and replace it later."
        ),
    )


def lacks(missing: Sequence[str]) -> str:
    """Meta's own names of the permissions stand in the sentence."""
    words = ngettext("One permission is missing: %(names)s", "Permissions are missing: %(names)s", len(missing))
    return words % {"names": ", ".join(missing)}


def then_lacks(missing: Sequence[str]) -> str:
    """What that means, and what to do."""
    if MESSAGING in missing:
        return _("Your AI employee could read and not answer. Generate it again with both ticks, and paste it here.")
    return _("Roster could not register its address at Meta. Generate it again with both ticks, and paste it here.")


def _secret(values: Mapping[str, str], end: float) -> Verdict:
    value = values.get(APP_SECRET, "")
    if not is_secret(value):
        return Verdict(
            State.BAD,
            _("This is not an app secret"),
            _("It has 32 characters, 0 to 9 and a to f. Press Show beside it, and copy it."),
        )
    if not is_token(values.get(TOKEN, "")):
        return waits()
    account = account_of(values)
    try:
        calls.get(Named, account, "me", "id", left(end))
        told = inspect(account, end)
    except DeliveryRefusedError as refusal:
        if calls.PROOF in calls.details_of(refusal):
            return Verdict(
                State.BAD,
                _("Not the secret of the app that made the token"),
                _("Open the settings of that app, press Show and copy."),
            )
        return (
            waits()
            if refusal.code in DEAD
            else Verdict(State.OK, _("Looks right"), _("Meta tells more once the number is checked."))
        )
    if not told.application:
        return Verdict(State.OK, _("Belongs to the app that made the token"))
    return Verdict(
        State.OK, _("Belongs to the app “%(app)s”") % {"app": told.application}, _("The token comes from the same app.")
    )


def waits() -> Verdict:
    """It cannot be checked before the token."""
    return Verdict(State.WAITS, _("Checked as soon as the token works."))


def _number(values: Mapping[str, str], end: float) -> Verdict:
    value = values.get(PHONE, "")
    if not is_id(value):
        return _no_number(value)
    if not is_token(values.get(TOKEN, "")):
        return waits()
    account = account_of(values)
    try:
        found = calls.get(Number, account, value, NUMBER_FIELDS, left(end))
    except DeliveryRefusedError as refusal:
        return _not_found(account, refusal, end)
    about = about_number(found.code_verification_status, found.quality_rating, found.messaging_limit_tier)
    name = {"number": found.display_phone_number or value, "name": found.verified_name}
    needs = [] if account_with(account, value, end) or values.get(ACCOUNT) else [ACCOUNT]
    if found.status in NOT_REGISTERED:
        what = _("Found %(number)s, but it is not registered for sending yet") % name
        return Verdict(
            State.WARN, what, _("Choose a PIN of six digits below, and we register it."), value, [*needs, PIN]
        )
    what = _("Found %(number)s, “%(name)s”") if found.verified_name else _("Found %(number)s")
    return Verdict(State.OK, what % name, about, value, needs)


def _no_number(value: str) -> Verdict:
    digits = "".join(each for each in value if each.isdigit())
    if value.startswith("+") or (7 <= len(digits) <= 13 and digits != value):
        return Verdict(
            State.BAD,
            _("This is the phone number itself"),
            _("The ID stands under it in API Setup and has 15 to 17 digits."),
        )
    return Verdict(
        State.BAD,
        _("This is not a phone number ID"),
        _("It has 15 to 17 digits, and stands under the phone number in API Setup."),
    )


def _not_found(account: Account, refusal: DeliveryRefusedError, end: float) -> Verdict:
    if calls.PROOF in calls.details_of(refusal):
        return Verdict(State.WAITS, _("Checked as soon as the app secret is right."))
    if refusal.code in DEAD:
        return waits()
    if int(refusal.code or -1) in PERMISSIONS:
        return Verdict(
            State.BAD,
            _("The token may not use this number"),
            _("Assign the WhatsApp account to the system user, then paste the number ID again."),
        )
    others = [(each.id, each.display_phone_number or each.id) for each in numbers_of(account, end)][:MOST_SHOWN]
    then = (
        _("These belong to it:")
        if others
        else _("Copy the ID once more, and assign the WhatsApp account to the system user.")
    )
    return Verdict(State.BAD, _("No such number for this token"), then, others=others)


def _account(values: Mapping[str, str], end: float) -> Verdict:
    value = values.get(ACCOUNT, "")
    if not is_id(value):
        return Verdict(
            State.BAD,
            _("This is not an account ID"),
            _("It has digits only, and stands below the phone number ID in API Setup."),
        )
    if value == values.get(PHONE):
        return Verdict(
            State.BAD,
            _("This is the phone number ID once more"),
            _("The account's ID stands below it, under API Setup."),
        )
    if not is_token(values.get(TOKEN, "")):
        return waits()
    account = account_of(values)
    try:
        found = calls.get(Numbers, account, f"{value}/phone_numbers", NUMBER_FIELDS, left(end)).data
    except DeliveryRefusedError:
        return Verdict(
            State.BAD,
            _("No such account for this token"),
            _("Copy the ID once more, and assign the WhatsApp account to the system user."),
        )
    if found and values.get(PHONE) and all(each.id != values[PHONE] for each in found):
        return Verdict(
            State.BAD, _("The number is not in this account"), _("Choose the account of this number under API Setup.")
        )
    return Verdict(State.OK, _("Account found"))


def _pin(values: Mapping[str, str], end: float) -> Verdict:
    if is_pin(values.get(PIN, "")):
        return Verdict(
            State.OK,
            _("The number is registered with it when you go on."),
            _("Write it down: Meta asks for it when the number moves."),
        )
    return Verdict(State.BAD, _("A PIN has six digits"))


CHECKS: Mapping[str, Callable[[Mapping[str, str], float], Verdict]] = {
    TOKEN: _token, APP_SECRET: _secret, PHONE: _number, ACCOUNT: _account, PIN: _pin,
}  # fmt: skip
