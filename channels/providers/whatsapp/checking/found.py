"""What values look like, what Meta tells about a token and its numbers, and that in words."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.providers.base import DeliveryRefusedError
from channels.providers.shapes.sending import Account
from channels.providers.whatsapp import calls
from channels.providers.whatsapp.answers import Number, Numbers, Token, TokenFacts
from channels.providers.whatsapp.credentials import APP_SECRET

TOKEN = "access_token"  # noqa: S105 - the name of one
PHONE = "phone_number_id"
ACCOUNT = "account_id"
PIN = "pin"
BEGINS = "EAA"
MESSAGING, MANAGEMENT = "whatsapp_business_messaging", "whatsapp_business_management"
SCOPES = (MESSAGING, MANAGEMENT)
"""What the token's system user needs: to send, and to register our address."""
DEAD = {"0", "190"}
UNKNOWN_OBJECT = {"100", "803"}
HEX = frozenset("0123456789abcdef")
NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,quality_rating,code_verification_status,messaging_limit_tier,status"
)
NOT_REGISTERED = {"PENDING", "DISCONNECTED", "UNVERIFIED"}
MOST_ACCOUNTS = 3
"""Accounts of one token whose numbers are looked at."""
MOST_SHOWN = 4
QUALITIES = {
    "GREEN": gettext_lazy("quality high"),
    "YELLOW": gettext_lazy("quality medium"),
    "RED": gettext_lazy("quality low"),
}


def account_of(values: Mapping[str, str]) -> Account:
    """What was entered, as calls take it."""
    secret = values.get(APP_SECRET, "")
    return Account(values.get(TOKEN, ""), values.get(PHONE, ""), secrets={APP_SECRET: secret} if secret else {})


def is_token(value: str) -> bool:
    """Does it look like an access token?"""
    return value.startswith(BEGINS) and value.isascii() and value.isalnum() and 20 <= len(value) <= 1_000


def is_secret(value: str) -> bool:
    """Does it look like an app secret?"""
    return len(value) == 32 and set(value) <= HEX


def is_id(value: str) -> bool:
    """Does it look like one of Meta's ids?"""
    return value.isascii() and value.isdigit() and 5 <= len(value) <= 30


def is_pin(value: str) -> bool:
    """Six digits."""
    return value.isascii() and value.isdigit() and len(value) == 6


def inspect(account: Account, end: float) -> TokenFacts:
    """What Meta says about the token, before the app secret is used with it. Raises DeliveryError."""
    return calls.inspect(Token, account, left(end)).data


def missing_of(told: TokenFacts) -> Sequence[str]:
    """The permissions that it lacks."""
    return [scope for scope in SCOPES if scope not in told.scopes]


def about_token(kind: str, expires_at: int) -> str:
    """Whose token it is, and for how long, as far as Meta tells."""
    if expires_at:
        until = date_format(timezone.localtime(datetime.fromtimestamp(expires_at, UTC)), "j F Y, H:i")
        return _("Expires on %(until)s: replace it before.") % {"until": until}
    if kind == "SYSTEM_USER":
        return _("Of a system user, with both permissions. It does not expire.")
    return _("Both permissions. It does not expire.")


def about_number(verified: str, quality: str, limit: str) -> str:
    """What Meta thinks of a number: whether it is verified, its quality, how many new people it may write to a day."""
    parts = [
        _("Verified by Meta") if verified == "VERIFIED" else "",
        str(QUALITIES.get(quality, "")),
        limit_words(limit),
    ]
    found = ", ".join(filter(None, parts))
    return f"{found[0].upper()}{found[1:]}." if found else ""


def limit_words(limit: str) -> str:
    """A messaging limit such as TIER_1K, in words; empty if there is none."""
    size = limit.removeprefix("TIER_")
    if size == "UNLIMITED":
        return _("any number of new people a day")
    count = size.replace("K", "000")
    return _("up to %(n)s new people a day") % {"n": f"{int(count):,}"} if count.isdigit() else ""


def account_with(account: Account, number_id: str, end: float) -> str:
    """The id of the WhatsApp account that has this number, as far as the token tells; else empty."""
    for account_id in accounts_of(account, end):
        if any(each.id == number_id for each in listed(account, account_id, end)):
            return account_id
    return ""


def numbers_of(account: Account, end: float) -> Sequence[Number]:
    """The numbers of all accounts that the token names."""
    return [each for account_id in accounts_of(account, end) for each in listed(account, account_id, end)]


def accounts_of(account: Account, end: float) -> Sequence[str]:
    """The WhatsApp accounts that the token names; none if it is for all, or may not look at itself."""
    try:
        told = inspect(account, end)
    except DeliveryRefusedError:
        return []
    named = (each.target_ids for each in told.granular_scopes if each.scope == MANAGEMENT)
    return [each for ids in named for each in ids][:MOST_ACCOUNTS]


def listed(account: Account, account_id: str, end: float) -> Sequence[Number]:
    """The numbers of one account; none if the token may not see them."""
    try:
        return calls.get(Numbers, account, f"{account_id}/phone_numbers", NUMBER_FIELDS, left(end)).data
    except DeliveryRefusedError:
        return []


def left(end: float) -> float:
    """The seconds until then; at least a moment."""
    return max(0.2, end - time.monotonic())
