"""What can be called of the Graph API, for a token that may: numbers, accounts, templates, media, tokens.

https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.whatsapp.graph import sending
from sandbox.whatsapp.graph.errors import RefusalError, unknown, wrong
from sandbox.whatsapp.state.businesses import MANAGEMENT, MESSAGING, Business, Token
from sandbox.whatsapp.state.peer import WhatsApp

CALLBACK_REFUSED: Final = 2200
UNSET: Final = frozenset(
    {
        "certificate", "conversational_automation", "country", "country_code", "country_dial_code", "currency",
        "disable_marketing_messages_on_cloud_api", "eligibility_for_api_business_global_search", "health_status",
        "is_enabled_for_insights", "is_on_biz_app", "is_pin_enabled", "is_preverified_number", "last_onboarded_time",
        "marketing_messages_lite_api_status", "marketing_messages_onboarding_status", "new_certificate",
        "new_name_status", "on_behalf_of_business_info", "owner_business_info", "ownership_type", "quality_score",
        "search_visibility", "subscribed_apps", "whatsapp_business_manager_messaging_limit",
    }
)  # fmt: skip
"""Documented fields of numbers and accounts that have no value here: Meta leaves such out of its answer."""


@dataclass(frozen=True)
class Call:
    """One request, its token accepted. `args` are query and body together; `node` is the id in its path."""

    whatsapp: WhatsApp
    token: Token
    node: str
    args: Mapping[str, Any]

    @property
    def business(self) -> Business:
        """Whose token it is."""
        return self.whatsapp.businesses.of_phone(self.token.phone_id)

    def need(self, scope: str) -> None:
        """Refuse without this permission."""
        if scope in self.token.scopes:
            return
        account = (
            "You do not have the necessary permissions to send messages on behalf of this WhatsApp Business Account"
        )
        words = account if scope == MESSAGING else f"Requires {scope} permission to manage the object"
        raise RefusalError(200, words, status=403)

    def phone(self) -> Business:
        """The number that the path names."""
        if self.node != self.business.phone_id:
            raise unknown(self.node)
        return self.business

    def account(self) -> Business:
        """The account that the path names."""
        if self.node != self.business.account_id:
            raise unknown(self.node)
        return self.business

    def picked(self, all_fields: Mapping[str, Any], default: str) -> dict[str, Any]:
        """The fields that `fields` asks for, and the id."""
        wanted = str(self.args.get("fields") or default).split(",")
        missing = [each for each in wanted if each not in all_fields and each not in UNSET]
        if missing:
            raise RefusalError(100, f"Tried accessing nonexisting field ({missing[0]})")
        return {name: all_fields[name] for name in ("id", *wanted) if name in all_fields}


async def get_node(call: Call) -> dict[str, Any]:
    """A number, an account, or a file."""
    if call.node == call.business.phone_id:
        return call.picked(_number(call.business), "verified_name,display_phone_number,quality_rating")
    if call.node == call.business.account_id:
        call.need(MANAGEMENT)
        return call.picked(_account(call.business), "name,timezone_id,message_template_namespace")
    return _media(call)


async def change_phone(call: Call) -> dict[str, Any]:
    """`webhook_configuration`: this number's events go to an address of its own, which is asked first."""
    business = call.phone()
    call.need(MANAGEMENT)
    told = call.args.get("webhook_configuration")
    if not isinstance(told, dict):
        raise wrong("webhook_configuration", "is what can be changed here")
    await _override(call, business, str(told.get("override_callback_uri", "")), str(told.get("verify_token", "")))
    return {"success": True}


async def subscribe(call: Call) -> dict[str, Any]:
    """The app hears of the account from now on, at an address of its own if one is given."""
    business = call.account()
    call.need(MANAGEMENT)
    if "override_callback_uri" in call.args:
        await _override(call, business, str(call.args["override_callback_uri"]), str(call.args.get("verify_token", "")))
    call.whatsapp.businesses.change(business.phone_id, is_subscribed=1)
    return {"success": True}


async def unsubscribe(call: Call) -> dict[str, Any]:
    """It hears nothing more."""
    business = call.account()
    call.need(MANAGEMENT)
    call.whatsapp.businesses.change(business.phone_id, is_subscribed=0)
    return {"success": True}


async def subscriptions(call: Call) -> dict[str, Any]:
    """The apps that hear of the account."""
    business = call.account()
    app: dict[str, Any] = {"whatsapp_business_api_data": {"id": business.app_id, "name": business.name, "link": ""}}
    if business.callback_url:
        app["override_callback_uri"] = business.callback_url
    return {"data": [app] if business.is_subscribed else []}


async def phone_numbers(call: Call) -> dict[str, Any]:
    """The account's only number."""
    business = call.account()
    call.need(MANAGEMENT)
    return {"data": [call.picked(_number(business), "verified_name,display_phone_number,quality_rating")]}


async def templates(call: Call) -> dict[str, Any]:
    """All of the account's, on one page."""
    business = call.account()
    call.need(MANAGEMENT)
    found = call.whatsapp.businesses.templates(business.account_id)
    name, status = call.args.get("name"), call.args.get("status")
    kept = [each for each in found if name in (None, each["name"]) and status in (None, each["status"])]
    counts = {"total_count": len(kept), "message_template_count": len(found), "message_template_limit": 6_000}
    summary = {"summary": counts | {"are_translations_complete": False}} if call.args.get("summary") else {}
    return {"data": kept, "paging": {"cursors": {"before": "MAZDZD", "after": "MjQZD"}}, **summary}


async def send(call: Call) -> dict[str, Any]:
    """A message, or the mark that one was read."""
    business = call.phone()
    call.need(MESSAGING)
    return sending.send(call.whatsapp, business, dict(call.args))


async def register(call: Call) -> dict[str, Any]:
    """The number is used with the Cloud API from now on."""
    business = call.phone()
    pin = str(call.args.get("pin", ""))
    if len(pin) != 6 or not pin.isdecimal():
        raise wrong("pin", "has six digits")
    call.whatsapp.businesses.change(business.phone_id, is_registered=1)
    return {"success": True}


async def profile(call: Call) -> dict[str, Any]:
    """The business's profile as people see it."""
    business = call.phone()
    return {"data": [{"messaging_product": "whatsapp", "about": business.about, "vertical": "OTHER"}]}


async def change_profile(call: Call) -> dict[str, Any]:
    """Its words."""
    business = call.phone()
    call.whatsapp.businesses.change(business.phone_id, about=str(call.args.get("about", business.about)))
    return {"success": True}


async def debug_token(call: Call) -> dict[str, Any]:
    """What there is to know of a token of the same app."""
    try:
        asked = call.whatsapp.businesses.token(str(call.args.get("input_token", "")))
    except KeyError as missing:
        raise RefusalError(190, "Invalid OAuth access token data.", status=400) from missing
    business = call.business
    granular = [{"scope": scope, "target_ids": [business.account_id]} for scope in asked.scopes]
    return {
        "data": {
            "app_id": business.app_id,
            "type": "SYSTEM_USER",
            "application": business.name,
            "expires_at": asked.expires_at,
            "is_valid": asked.works,
            "scopes": [*asked.scopes, "public_profile"],
            "granular_scopes": granular,
            "user_id": f"1{business.app_id[1:]}",
        }
    }


async def _override(call: Call, business: Business, url: str, verify_token: str) -> None:
    if url and not await call.whatsapp.webhooks.verify(url, verify_token):
        raise RefusalError(
            CALLBACK_REFUSED,
            "Callback verification failed with the following errors: the URL did not answer as expected.",
        )
    call.whatsapp.businesses.change(business.phone_id, callback_url=url)


def _number(business: Business) -> dict[str, Any]:
    own = {"phone_number": business.callback_url} if business.callback_url else {}
    return {
        "id": business.phone_id,
        "display_phone_number": business.number,
        "verified_name": business.name,
        "quality_rating": business.quality,
        "code_verification_status": "VERIFIED",
        "name_status": "APPROVED",
        "status": "CONNECTED" if business.is_registered else "PENDING",
        "platform_type": "CLOUD_API",
        "account_mode": "LIVE",
        "messaging_limit_tier": "TIER_1K",
        "throughput": {"level": "STANDARD"},
        "webhook_configuration": own,
        "is_official_business_account": False,
        "health_status": {"can_send_message": "AVAILABLE", "entities": []},
    }


def _account(business: Business) -> dict[str, Any]:
    return {
        "id": business.account_id,
        "name": business.name,
        "timezone_id": "1",
        "message_template_namespace": hashlib.sha256(business.account_id.encode()).hexdigest()[:32],
        "account_review_status": "APPROVED",
        "business_verification_status": "verified",
        "status": "ACTIVE",
    }


def _media(call: Call) -> dict[str, Any]:
    try:
        owner, mime_type, content = call.whatsapp.messages.media(call.node)
    except KeyError as missing:
        raise unknown(call.node) from missing
    if owner != call.business.phone_id:
        raise unknown(call.node)
    return {
        "messaging_product": "whatsapp",
        "url": f"{call.whatsapp.url}/media/{call.node}",
        "mime_type": mime_type,
        "sha256": hashlib.sha256(content).hexdigest(),
        "file_size": len(content),
        "id": call.node,
    }


Work = Callable[[Call], Awaitable[dict[str, Any]]]
EDGES: Final[Mapping[tuple[str, str], Work]] = {
    ("GET", ""): get_node,
    ("POST", ""): change_phone,
    ("POST", "messages"): send,
    ("POST", "register"): register,
    ("GET", "whatsapp_business_profile"): profile,
    ("POST", "whatsapp_business_profile"): change_profile,
    ("GET", "subscribed_apps"): subscriptions,
    ("POST", "subscribed_apps"): subscribe,
    ("DELETE", "subscribed_apps"): unsubscribe,
    ("GET", "phone_numbers"): phone_numbers,
    ("GET", "message_templates"): templates,
}
"""By method and the path's last part."""
