"""Connecting a number by hand: what an operator copies from Meta, each value checked there, and our address told to it.

https://developers.facebook.com/documentation/business-messaging/whatsapp/access-tokens/ and
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override/
"""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.providers.base import DeliveryRefusedError
from channels.providers.connecting import Field, Installed, NotAcceptedError
from channels.providers.sending import Account
from channels.providers.whatsapp import calls
from channels.providers.whatsapp.answers import Done, Number, Token, TokenFacts
from channels.providers.whatsapp.credentials import APP_SECRET, verify_token_of
from channels.providers.whatsapp.errors import PERMISSIONS

PROVIDER = "whatsapp"
TOKEN = "access_token"  # noqa: S105 - the name of one
PHONE = "phone_number_id"
ACCOUNT = "account_id"
BEGINS = "EAA"
SCOPES = ("whatsapp_business_messaging", "whatsapp_business_management")
"""What the token's system user needs: to send, and to register our address."""
DEAD = {"0", "190"}
UNKNOWN_OBJECT = {"100", "803"}
HEX = frozenset("0123456789abcdef")
LONGEST_NAME = 100

fields: Sequence[Field] = (
    Field(
        TOKEN,
        gettext_lazy("Access token"),
        gettext_lazy(
            "A permanent one, of a system user: Meta's Business Settings → System users → Generate token. It begins "
            "with EAA."
        ),
    ),
    Field(APP_SECRET, gettext_lazy("App secret"), gettext_lazy("Your Meta app → App settings → Basic: press Show.")),
    Field(
        PHONE,
        gettext_lazy("Phone number ID"),
        gettext_lazy("Your Meta app → WhatsApp → API Setup. It is not the phone number itself."),
        is_secret=False,
    ),
    Field(
        ACCOUNT,
        gettext_lazy("WhatsApp Business Account ID"),
        gettext_lazy("On the same page, below the phone number ID."),
        is_secret=False,
    ),
)


def is_configured() -> bool:
    """Workspaces bring all that it takes."""
    return True


def what_is_missing() -> str:
    """Nothing."""
    return ""


def context(connection_id: UUID) -> Mapping[str, str]:
    """The address that Meta calls, which is registered by itself."""
    return {"request_url": address_of(connection_id)}


def address_of(connection_id: UUID) -> str:
    """Where Meta sends this number's events."""
    return f"{settings.PUBLIC_URL}{reverse('own_webhook', args=[PROVIDER, connection_id])}"


def faults(values: Mapping[str, str]) -> Mapping[str, str]:
    """Which values do not have the shape that Meta gives them, and where the right one is."""
    wrong = {name: sentence for name, sentence in _shapes().items() if not CHECKS[name](values.get(name, ""))}
    if not wrong and values[PHONE] == values[ACCOUNT]:
        wrong[ACCOUNT] = _("This is the phone number ID once more. The account's ID stands below it, under API Setup.")
    return wrong


def _is_token(value: str) -> bool:
    return value.startswith(BEGINS) and value.isascii() and value.isalnum() and 20 <= len(value) <= 1_000


def _is_secret(value: str) -> bool:
    return len(value) == 32 and set(value) <= HEX


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdigit() and 5 <= len(value) <= 30


CHECKS: Mapping[str, Callable[[str], bool]] = {TOKEN: _is_token, APP_SECRET: _is_secret, PHONE: _is_id, ACCOUNT: _is_id}


def _shapes() -> dict[str, str]:
    return {
        TOKEN: _(
            "An access token is one long word that begins with EAA. Create it in Meta's Business Settings under System "
            "users, with Generate token."
        ),
        APP_SECRET: _(
            "An app secret has 32 characters, 0 to 9 and a to f. It is in your Meta app under App settings → Basic: "
            "press Show beside App secret."
        ),
        PHONE: _(
            "A phone number ID has digits only, and is not the phone number. It is in your Meta app under WhatsApp → "
            "API Setup."
        ),
        ACCOUNT: _(
            "A WhatsApp Business Account ID has digits only. It is in your Meta app under WhatsApp → API Setup, below "
            "the phone number ID."
        ),
    }


def install(values: Mapping[str, str], connection_id: UUID) -> Installed:
    """Check one value after the other, then send the number's events to our address, which Meta tries at once."""
    account = Account(values[TOKEN], values[PHONE], secrets={APP_SECRET: values[APP_SECRET]})
    _check_token(account)
    number = _number(account)
    _listen(account, values[ACCOUNT], connection_id)
    shown = number.display_phone_number
    return Installed(
        provider=PROVIDER,
        external_id=values[PHONE],
        name=" ".join(filter(None, (number.verified_name, shown)))[:LONGEST_NAME] or values[PHONE],
        token=values[TOKEN],
        bot_user_id=values[PHONE],
        installer_id=shown[:40],
        scopes=",".join(SCOPES),
        secrets={**account.secrets, ACCOUNT: values[ACCOUNT]},
        connection_id=connection_id,
    )


def _check_token(account: Account) -> None:
    """What Meta says about the token, before the app secret is used with it.

    https://developers.facebook.com/docs/graph-api/reference/debug_token
    """
    try:
        told = calls.inspect(Token, account).data
    except DeliveryRefusedError as refusal:
        if refusal.code in DEAD:
            raise NotAcceptedError(_wrong_token(), TOKEN) from refusal
        return  # not every token may look at itself: what follows shows whether it is good
    if not told.is_valid:
        raise NotAcceptedError(_wrong_token(), TOKEN)
    _check_facts(told)


def _check_facts(told: TokenFacts) -> None:
    if told.expires_at:
        raise NotAcceptedError(
            _(
                "This access token is temporary: it works for a day at most, and then nobody would be answered. Create "
                "a permanent one in Meta's Business Settings under System users, with Generate token and “Never” as "
                "its expiration."
            ),
            TOKEN,
        )
    missing = [scope for scope in SCOPES if scope not in told.scopes]
    if missing:
        raise NotAcceptedError(_lacks(", ".join(missing)), TOKEN)


def _wrong_token() -> str:
    return _("Meta does not accept this access token: it is incomplete, expired or revoked. Copy a new one.")


def _lacks(scopes: str) -> str:
    return _(
        "This access token lacks a permission: %(scopes)s. Generate a new one in Meta's Business Settings under System "
        "users, and tick it."
    ) % {"scopes": scopes}


def _number(account: Account) -> Number:
    """The number, asked with the proof that the app secret makes: first of all Meta says whether that is right."""
    try:
        return calls.get(Number, account, account.bot_user_id, "id,display_phone_number,verified_name")
    except DeliveryRefusedError as refusal:
        if calls.PROOF in calls.details_of(refusal):
            sentence = _("This is not the secret of the app that the access token belongs to: copy it once more.")
            raise NotAcceptedError(sentence, APP_SECRET) from refusal
        if refusal.code in UNKNOWN_OBJECT:
            sentence = _(
                "Meta finds no phone number with this ID that the access token may use. Copy the ID once more, and "
                "assign the WhatsApp account to the system user."
            )
            raise NotAcceptedError(sentence, PHONE) from refusal
        raise _refused(refusal) from refusal


def _listen(account: Account, account_id: str, connection_id: UUID) -> None:
    """Subscribe the app to the account, and send this number's events to our address and no other's."""
    try:
        calls.post(Done, account, f"{account_id}/subscribed_apps", {})
    except DeliveryRefusedError as refusal:
        if refusal.code in UNKNOWN_OBJECT:
            sentence = _("Meta finds no WhatsApp account with this ID that the access token may use.")
            raise NotAcceptedError(sentence, ACCOUNT) from refusal
        raise _refused(refusal) from refusal
    override = {"override_callback_uri": address_of(connection_id), "verify_token": verify_token_of(account.secrets)}
    try:
        calls.post(Done, account, account.bot_user_id, {"webhook_configuration": override})
    except DeliveryRefusedError as refusal:
        if refusal.code in UNKNOWN_OBJECT | {"2200"}:
            sentence = _("Meta could not reach %(address)s, where it sends messages. It has to be on the internet.")
            raise NotAcceptedError(sentence % {"address": override["override_callback_uri"]}) from refusal
        raise _refused(refusal) from refusal


def _refused(refusal: DeliveryRefusedError) -> NotAcceptedError:
    """What is not about one value alone: a dead token, a permission, anything else in Meta's own words."""
    if refusal.code in DEAD:
        return NotAcceptedError(_wrong_token(), TOKEN)
    if int(refusal.code or -1) in PERMISSIONS:
        return NotAcceptedError(_lacks(", ".join(SCOPES)), TOKEN)
    told = {"code": refusal.code, "details": calls.details_of(refusal)}
    return NotAcceptedError(_("Meta refused it (code %(code)s): %(details)s") % told)
