"""Embedded sign-up: a person signs in at Meta and chooses a number, which is connected by the platform's Meta app.

Meta's own page opens by a redirect, since a script of another host is none of ours:
https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow. Without the script there is no
message with the ids: the token names the accounts.
https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/implementation/
"""

import logging
import secrets
import time
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.providers import states
from channels.providers.base import BusyError, DeliveryError, DeliveryRefusedError
from channels.providers.connecting import (
    ADDRESS,
    PROVEN,
    AccountTakenError,
    Admit,
    AnotherAddressError,
    Connect,
    Installed,
    NotAcceptedError,
    Outcome,
    OwnApp,
)  # fmt: skip
from channels.providers.shapes.sending import Account
from channels.providers.states import Browser
from channels.providers.whatsapp import calls
from channels.providers.whatsapp.answers import Done, NewToken, Number
from channels.providers.whatsapp.checking import found
from channels.providers.whatsapp.connecting import installing
from channels.providers.whatsapp.connecting.installing import INSTALL_SECONDS, PROVIDER
from channels.providers.whatsapp.credentials import verify_token_of
from tenants.scope import tenant_scope
from tenants.wordings import Wording

log = logging.getLogger(__name__)

PIN = "pin"
ASKED = Wording("whatsapp.sign_up_asked", gettext_lazy("Asked for Meta's sign-up."))
OUTCOMES = {
    "access_denied": gettext_lazy("You canceled the sign-up at Meta. Nothing was changed; you can try again."),
    "invalid_browser": gettext_lazy(
        "This link was made in another browser or for another account. Start again from here."
    ),
    "invalid_state": gettext_lazy("This link was already used, or is older than ten minutes. Start again from here."),
    "missing_code": gettext_lazy("Meta sent no code. Start again from here."),
    "busy": gettext_lazy("Meta does not answer right now. Nothing was changed: try again in a minute."),
    "unreachable": gettext_lazy("Meta cannot be reached right now. Start again in a minute."),
    "no_number": gettext_lazy(
        "Meta let Roster into no phone number. Start again, and choose an account with a number there."
    ),
}
own_app: OwnApp | None = None


class SeveralNumbersError(Exception):
    """The person let us into more than one number."""


def is_configured() -> bool:
    """Is the platform's Meta app set up for it?"""
    needed = ("APP_ID", "SIGNUP_CONFIG_ID", "APP_SECRET", "VERIFY_TOKEN")
    return all(getattr(settings, f"WHATSAPP_{name}") for name in needed)


def what_is_missing() -> str:
    """The variables."""
    return _(
        "Meta's sign-up is not configured on this installation: set WHATSAPP_APP_ID, WHATSAPP_SIGNUP_CONFIG_ID, "
        "WHATSAPP_APP_SECRET and WHATSAPP_VERIFY_TOKEN."
    )


def what_expired() -> str:
    """Somebody came back with a state that nobody issued."""
    return str(OUTCOMES["invalid_state"])


def authorize_url(
    tenant_id: UUID, *, user_id: UUID | None = None, session_key: str = "", draft_id: UUID | None = None
) -> str:
    """Meta's dialog for our configuration. Call it outside of any scope."""
    state = states.issue(PROVIDER, tenant_id, Browser(user_id, session_key), ASKED())
    asked = {
        "client_id": settings.WHATSAPP_APP_ID,
        "config_id": settings.WHATSAPP_SIGNUP_CONFIG_ID,
        "redirect_uri": _redirect_url(),
        "response_type": "code",
        "override_default_response_type": "true",
        "extras": '{"version":"v4","setup":{}}',
        "state": state,
    }
    base = str(settings.WHATSAPP_SIGNUP_URL).rstrip("/")
    return f"{base}/{settings.WHATSAPP_GRAPH_VERSION}/dialog/oauth?{urlencode(asked)}"


def tenant_of(state: str) -> UUID | None:
    """The tenant for which this state was issued here."""
    return states.tenant_of(PROVIDER, state)


def finish(request: HttpRequest, tenant_id: UUID, connect: Connect, admit: Admit) -> Outcome:
    """Take Meta's redirect: check the state, exchange the code at once, connect the number."""
    reason = _refused(request, tenant_id)
    if reason:
        return _failed(tenant_id, reason)
    try:
        installed = _install(request.GET["code"], admit)
        with tenant_scope(tenant_id):
            connect(installed)
    except BusyError:
        return _failed(tenant_id, "busy")
    except DeliveryRefusedError as refusal:
        return Outcome(tenant_id, reason="refused", problem=str(installing.refused(refusal)))
    except DeliveryError as error:
        log.warning("A sign-up at Meta failed: %s", error)
        return _failed(tenant_id, "unreachable")
    except (NotAcceptedError, AccountTakenError, AnotherAddressError, SeveralNumbersError) as error:
        return Outcome(tenant_id, reason="refused", problem=str(error))
    return Outcome(tenant_id, account=installed.name)


def _refused(request: HttpRequest, tenant_id: UUID) -> str:
    """Why nothing can be exchanged; empty if it can. Then the state is used up."""
    state, user = request.GET.get("state", ""), request.user
    browser = Browser(user.id if user.is_authenticated else None, request.session.session_key or "")
    if not states.belongs_to(tenant_id, state, browser):
        return "invalid_browser"
    if not states.use_up(tenant_id, state):
        return "invalid_state"
    if request.GET.get("error"):
        return "access_denied"
    return "" if request.GET.get("code") else "missing_code"


def _failed(tenant_id: UUID, reason: str) -> Outcome:
    return Outcome(tenant_id, reason=reason, problem=str(OUTCOMES[reason]))


def _install(code: str, admit: Admit) -> Installed:
    """The code becomes a token, which names its accounts; the number's events come to the platform's address."""
    end = time.monotonic() + INSTALL_SECONDS
    account = Account(_token_for(code))
    told = installing.check_token(account)
    account_id, number = _chosen(account, end)
    admit(number.id, number.verified_name or number.display_phone_number)
    pin = _register(account, number)
    _subscribe(account, account_id)
    facts = {
        "token_type": told.type if told else "",
        "app": told.application if told else "",
        "expires_at": str(told.expires_at if told else 0),
        found.PHONE: number.id,
        found.ACCOUNT: account_id,
        "verified": number.code_verification_status,
        "quality": number.quality_rating,
        "limit": number.messaging_limit_tier,
        ADDRESS: PROVEN,
    }
    own = {found.ACCOUNT: account_id, **({PIN: pin} if pin else {})}
    return installing.installed(Account(account.token, secrets=own), number, None, facts)


def _token_for(code: str) -> str:
    query = {
        "client_id": str(settings.WHATSAPP_APP_ID),
        "client_secret": str(settings.WHATSAPP_APP_SECRET),
        "redirect_uri": _redirect_url(),
        "code": code,
    }
    return calls.exchange(NewToken, query).access_token


def _chosen(account: Account, end: float) -> tuple[str, Number]:
    """The account and its only number. Raises NotAcceptedError and SeveralNumbersError."""
    accounts = found.accounts_of(account, end)
    numbers = [(each, number) for each in accounts for number in found.listed(account, each, end)]
    if not numbers:
        raise NotAcceptedError(str(OUTCOMES["no_number"]))
    if len(numbers) > 1:
        names = ", ".join(number.display_phone_number or number.id for _account, number in numbers)
        raise SeveralNumbersError(
            _(
                "Meta let Roster into several phone numbers: %(numbers)s. Start again and choose an account with one "
                "number, or connect the one that you mean by its values from Meta."
            )
            % {"numbers": names}
        )
    return numbers[0]


def _register(account: Account, number: Number) -> str:
    """A number that cannot send yet is registered; returns its PIN, empty if it needed none."""
    if number.status not in found.NOT_REGISTERED:
        return ""
    pin = f"{secrets.randbelow(1_000_000):06}"
    installing.register(Account(account.token, number.id, secrets=account.secrets), pin)
    return pin


def _subscribe(account: Account, account_id: str) -> None:
    override = {"override_callback_uri": f"{settings.PUBLIC_URL}{reverse('webhook', args=[PROVIDER])}"}
    calls.post(Done, account, f"{account_id}/subscribed_apps", {**override, "verify_token": verify_token_of(None)})


def _redirect_url() -> str:
    """Where Meta sends people after they signed in."""
    return f"{settings.PUBLIC_URL}{reverse('come_back', args=[PROVIDER])}"
