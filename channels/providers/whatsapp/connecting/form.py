"""Connecting a number by hand: what an operator copies from Meta, each value checked there, and our address told to it.

https://developers.facebook.com/documentation/business-messaging/whatsapp/access-tokens/ and
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override/
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.providers.connecting import ADDRESS, BY_HAND, PROVEN, Admit, Fact, Field, Installed, Pasted, Verdict
from channels.providers.shapes.sending import Account
from channels.providers.whatsapp.answers import Number, TokenFacts
from channels.providers.whatsapp.checking import found, verdicts
from channels.providers.whatsapp.checking.found import ACCOUNT, PHONE, PIN, SCOPES, TOKEN
from channels.providers.whatsapp.connecting import installing
from channels.providers.whatsapp.connecting.installing import INSTALL_SECONDS, PROVIDER
from channels.providers.whatsapp.credentials import APP_SECRET, VERIFY_TOKEN, verify_token_of

asks = "Meta"
generated: Sequence[str] = (VERIFY_TOKEN,)
fields: Sequence[Field] = (
    Field(TOKEN, gettext_lazy("Access token"), gettext_lazy("Of a system user, so that it does not expire.")),
    Field(
        APP_SECRET,
        gettext_lazy("App secret"),
        gettext_lazy("With it we verify that messages really come from Meta."),
        after=(TOKEN,),
    ),
    Field(
        PHONE,
        gettext_lazy("Phone number ID"),
        gettext_lazy("15 to 17 digits. Not the phone number itself."),
        is_secret=False,
        after=(TOKEN, APP_SECRET),
    ),
    Field(
        ACCOUNT,
        gettext_lazy("WhatsApp Business Account ID"),
        gettext_lazy("It stands below the phone number ID in API Setup."),
        is_secret=False,
        is_asked=False,
        after=(TOKEN, APP_SECRET, PHONE),
    ),
    Field(
        PIN,
        gettext_lazy("PIN of six digits"),
        gettext_lazy("Choose one: Meta asks for it when the number moves to somebody else."),
        is_secret=False,  # whoever chooses it has to see it; and Chromium warns of a password after a text field
        is_asked=False,
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
    if not wrong and values[PHONE] == values.get(ACCOUNT):
        wrong[ACCOUNT] = _("This is the phone number ID once more. The account's ID stands below it, under API Setup.")
    return wrong


CHECKS: Mapping[str, Callable[[str], bool]] = {
    TOKEN: found.is_token,
    APP_SECRET: found.is_secret,
    PHONE: found.is_id,
    ACCOUNT: lambda value: not value or found.is_id(value),
    PIN: lambda value: not value or found.is_pin(value),
}


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
        PIN: _("A PIN has six digits."),
    }


def check(name: str, values: Mapping[str, str]) -> Verdict:
    """One value, as soon as it is pasted."""
    return verdicts.check(name, values)


def install(values: Mapping[str, str], connection_id: UUID, admit: Admit) -> Installed:
    """Check one value after the other, then send the number's events to our address, which Meta tries at once."""
    own = {name: values[name] for name in (APP_SECRET, VERIFY_TOKEN) if values.get(name)}
    account = Account(values[TOKEN], values[PHONE], secrets=own)
    told, end = installing.check_token(account), time.monotonic() + INSTALL_SECONDS
    number = installing.number(account)
    admit(number.id, number.verified_name or number.display_phone_number)
    account_id = values.get(ACCOUNT, "") or installing.account_id(account, end)
    installing.register(account, values.get(PIN, ""))
    is_ours = installing.listen(account, account_id, address_of(connection_id))
    account = replace(account, secrets={**own, ACCOUNT: account_id})
    return installing.installed(
        account, number, connection_id, _facts(values, told, number, account_id, is_ours=is_ours)
    )


def _facts(
    values: Mapping[str, str], told: TokenFacts | None, number: Number, account_id: str, *, is_ours: bool
) -> Mapping[str, str]:
    token = {"token_type": told.type, "app": told.application, "expires_at": str(told.expires_at)} if told else {}
    return {
        **token,
        PHONE: values[PHONE],
        ACCOUNT: account_id,
        "verified": number.code_verification_status,
        "quality": number.quality_rating,
        "limit": number.messaging_limit_tier,
        ADDRESS: PROVEN if is_ours else BY_HAND,
    }


def proof(facts: Mapping[str, str]) -> Sequence[Fact]:
    """What Meta told, one line each."""
    expires_at = int(facts.get("expires_at") or 0)
    app, about = facts.get("app", ""), found.about_number("", facts.get("quality", ""), facts.get("limit", ""))
    token = found.about_token(facts.get("token_type", ""), expires_at)
    lines = [
        Fact(gettext_lazy("Access token"), token, "token", is_good=not expires_at),
        Fact(gettext_lazy("Permissions"), ", ".join(SCOPES)),
        Fact(gettext_lazy("App secret"), _("Of the app “%(app)s”") % {"app": app} if app else "", APP_SECRET),
        Fact(gettext_lazy("Webhook"), _webhook(facts), is_good=facts.get(ADDRESS) != BY_HAND),
    ]
    return [*lines, Fact(gettext_lazy("Quality and limit"), about)] if about else lines


def _webhook(facts: Mapping[str, str]) -> str:
    if facts.get(ADDRESS) == BY_HAND:
        return _("Not registered yet: paste both values below in your app, under WhatsApp → Configuration.")
    return _("Registered by Roster, confirmed by Meta")


def by_hand(facts: Mapping[str, str], secrets: Mapping[str, str], connection_id: UUID) -> Sequence[Pasted]:
    """The webhook's address and verify token, if Meta lets only an admin register them."""
    if facts.get(ADDRESS) != BY_HAND:
        return []
    return [
        Pasted(gettext_lazy("Callback URL"), address_of(connection_id)),
        Pasted(gettext_lazy("Verify token"), verify_token_of(secrets)),
    ]
