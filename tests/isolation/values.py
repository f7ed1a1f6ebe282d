"""Values for the routes' arguments, filters and bodies, so that a permitted call really succeeds.

The matrix fails for a route with an argument or body that is missing here: add it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from drf_spectacular.generators import SchemaGenerator

from tests.isolation.furnishing import CONTACT_CODE, World, canary
from tests.isolation.routes import NOBODY, UNSAFE, Route

ARGUMENTS = {
    "agent_id": "Agent",
    "connection_id": "Connection",
    "conversation_id": "Conversation",
    "session_id": "UserSession",
    "membership_id": "Membership",
    "invitation_id": "Invitation",
    "contact_id": "Contact",
    "draft_id": "ConnectionDraft",
    "export_id": "Export",
    "file_id": "MediaFile",
    "token_id": "ApiToken",
}
"""The model of each id in an argument, a filter or a body."""
ARGUMENTS_OF = {
    "mfa_remove_webauthn": {"pk": "Authenticator"},
    "mfa_edit_webauthn": {"pk": "Authenticator"},
    "api/v1/channels/<uuid:id>/test": {"id": "Connection"},
    "api/v1/channels/<uuid:id>/routing": {"id": "Connection"},
    "api/v1/channels/<uuid:id>/health": {"id": "Connection"},
    "workspace:reactivate_employee": {"agent_id": "RestingAgent"},
}
"""The same for a single route, by name or pattern, where the argument's name isn't enough."""
WORDS = {
    "step": "employee",
    "provider_id": "google",
    "provider": "slack",
    "endpoint": "events",
    "field": "client_id",
    "link": "a-link-of-nobody",
    "url": "anything",
    "tenant_id": str(NOBODY),
    "key": "a-key-of-nobody",
    "letters": "RO",
    "app_label": "agents",
    "uuid": str(NOBODY),
}
"""Arguments that aren't ids."""
FILTERS = {"agent": "Agent", "channel": "Connection"}
"""Query parameters of the API that are ids."""

UNKNOWN_NUMBER = "987654321"
PROFILE = {"name": "Mia", "job_title": "Sales", "instructions": "Sell.", "unavailable_text": "Later."}
SEATS = {"seats": "12", "shown": "1767225600-0"}
SETTINGS = {
    "name": "Acme", "slug": "acme-2", "time_zone": "Europe/Paris", "language": "fr", "contact_email": "",
}  # fmt: skip
Bodies = Mapping[str, Callable[["Things"], dict[str, Any]]]
BODIES: Bodies = {
    "workspace:new_employee": lambda things: PROFILE,
    "workspace:employee": lambda things: PROFILE,
    "workspace:onboarding_step": lambda things: PROFILE,
    "workspace:move_employee": lambda things: {"way": "down"},
    "workspace:subscribe": lambda things: {"plan": "employee_month", "seats": "2"},
    "workspace:seats": lambda things: SEATS,
    "workspace:switch_plan": lambda things: {"plan": "employee_year", "shown": "1767225600-0"},
    "workspace:invite": lambda things: {"email": "new.person@example.com", "role": "viewer"},
    "workspace:change_role": lambda things: {"role": "viewer"},
    "workspace:hand_over": lambda things: {"heir": things["Membership"]},
    "workspace:settings": lambda things: SETTINGS,
    "workspace:confirm_contact": lambda things: {"code": CONTACT_CODE},
    "workspace:keep_for": lambda things: {"period": "90"},
    "workspace:keep_talk_for": lambda things: {"hours": "48"},
    "workspace:delete_workspace": lambda things: {"name": f"{canary('acme')} ltd"},
    "workspace:tokens": lambda things: {"name": "A token", "role": "viewer", "life": "90"},
    "workspace:support": lambda things: {"hours": "4", "reason": "Help us."},
    "POST agent-list": lambda things: PROFILE,
    "PUT agent-detail": lambda things: PROFILE,
    "PATCH agent-detail": lambda things: {"name": "Mia"},
    "workspace:setup": lambda things: {"client_id": "1.2", "client_secret": "a" * 32, "signing_secret": "b" * 32},
    "workspace:change_picture": lambda things: {"remove": "1"},
    "workspace:routing": lambda things: {"place:default": things["Agent"]},
    "workspace:answer_at": lambda things: {"answers": "0"},
    "PUT api/v1/channels/<uuid:id>/routing": lambda things: {"agent": things["Agent"], "places": []},
    "workspace:listen": lambda things: {"only_when_mentioned": "1"},
    "POST api/v1/channels/whatsapp": lambda things: {
        "access_token": "EAAB0123456789abcdefghij",
        "app_secret": "0" * 32,
        "phone_number_id": "106540352242922",
        "account_id": "102290129340398",
    },
    "PATCH connection-detail": lambda things: {"only_when_mentioned": True},
    "PATCH member-detail": lambda things: {"role": "viewer"},
    "POST member-list": lambda things: {"email": "new.person@example.com", "role": "viewer"},
    "POST invitation-list": lambda things: {"email": "new.person@example.com", "role": "viewer"},
    "PATCH invitation-detail": lambda things: {"role": "viewer"},
    "POST api/v1/billing/checkout": lambda things: {"plan": "employee_month", "seats": 2},
    "POST api/v1/billing/preview": lambda things: {"seats": 12},
    "POST token-list": lambda things: {"name": "A token", "role": "viewer"},
}
"""Bodies by route name, or by method and name where methods differ; empty otherwise."""
AT_STRIPE = "it gets as far as Stripe, which isn't available here"
CALLS_STRIPE = (
    "POST workspace:seats", "POST workspace:keep_seats", "workspace:switch_plan", "POST workspace:update_card",
    "POST workspace:billing_portal", "POST workspace:cancel_subscription", "POST api/v1/billing/portal",
    "POST api/v1/billing/preview",
)  # fmt: skip
NOT_NOW = {
    "POST workspace:subscribe": "a subscriber cannot subscribe again",
    "POST workspace:resume_subscription": "the subscription has not ended",
    "POST api/v1/billing/checkout": "a subscriber cannot subscribe again",
    "POST api/v1/channels/whatsapp/install": "this installation has no sign-up of Meta's",
}
OTHERWISE: Mapping[str, tuple[set[int], str]] = {
    "workspace:playground_talk": ({404}, "there is no web chat to read in"),
    "workspace:template": ({404}, "Slack takes free text at any time: tests/channels/test_templates.py"),
    "workspace:embed": ({404}, "only a web chat has a page that other sites may show"),
    "POST workspace:check_value": ({404}, "Slack has no form: tests/channels/test_value_check.py"),
    "healthz": ({503}, "Redis and the worker aren't running here"),
    "POST api/v1/channels/<uuid:id>/test": ({502}, "it gets as far as Slack, which isn't available here"),
    "POST api/v1/channels/whatsapp": ({502}, "it gets as far as Meta, which isn't available here"),
    **{key: ({502}, AT_STRIPE) for key in CALLS_STRIPE},
    **{key: ({409}, reason) for key, reason in NOT_NOW.items()},
}
"""Errors that permitted callers get, and why they still prove the permission."""


STILL: Mapping[str, str] = {
    "POST api/v1/channels/<uuid:id>/test": "it gets as far as Slack, which isn't available here",
    "POST api/v1/channels/whatsapp": "it gets as far as Meta, which isn't available here",
    "POST workspace:playground": "there is no web chat to write in",
    "POST workspace:template": "Slack takes free text at any time",
    "POST workspace:embed": "only a web chat has a page that other sites may show",
    "POST workspace:use_own_app": "the draft that the workspace has is used again",
    "POST workspace:setup": "it gets as far as Slack, which isn't available here",
    "POST workspace:check_value": "Slack has no form",
    "POST workspace:keep_connection": "the channel is not released",
    "POST workspace:keep_workspace": "there is no pending deletion to cancel",
    **dict.fromkeys(CALLS_STRIPE, AT_STRIPE),
    "POST workspace:switch_plan": AT_STRIPE,
    **NOT_NOW,
}
"""Writing calls that change nothing, and why."""
NOT_AUDITED: Mapping[str, str] = {
    "billing_syncrequest": "a request to sync with Stripe; its result is audited",
    "usage_meter": "the platform's trial budget, created when first read",
    "channels_installattempt": "a state that expires in ten minutes; the installation is audited",
    "channels_probe": "what a check found; a channel that stops working is audited",
    "tenants_mail": "a planned or sent mail; its subject is audited",
    "tenants_contactcode": "counts attempts to enter a code; the confirmation is audited",
    "tenants_idempotentrequest": "stores a response for retries; the call itself is audited",
}
"""Tables whose changes don't count as changes of the workspace, and why."""


class UnknownArgumentError(LookupError):
    """A route has an argument without a known value."""


@dataclass(frozen=True)
class Things:
    """Ids to fill in: of a workspace's own rows, or nonexistent ones."""

    world: World | None

    def __getitem__(self, model: str) -> str:
        if self.world is not None:
            return self.world.id_of(model)
        return UNKNOWN_NUMBER if model in {"Authenticator", "UserSession"} else str(NOBODY)


def model_of(route: Route, argument: str) -> str:
    """The model that an argument identifies; empty if it is a word. Raises UnknownArgumentError."""
    own = ARGUMENTS_OF.get(route.name) or ARGUMENTS_OF.get(route.pattern.rstrip("/")) or {}
    if argument in own:
        return own[argument]
    if argument == "id" and route.api_view is not None and hasattr(route.api_view, "queryset"):
        return str(route.api_view.queryset.model.__name__)
    if argument == "object_id":  # the admin's: admin/<app>/<model>/<object_id>/…
        return apps.get_model(".".join(route.pattern.split("/")[1:3])).__name__
    if argument in ARGUMENTS:
        return ARGUMENTS[argument]
    if argument in WORDS or argument == "workspace":
        return ""
    raise UnknownArgumentError(f"{route.pattern}: tests.isolation.values does not know the argument {argument!r}")


def arguments(route: Route, slug: str, things: Things) -> dict[str, str]:
    """Values for all arguments of a route. Raises UnknownArgumentError."""
    models = {name: model_of(route, name) for name in route.arguments}
    return {name: things[model] if model else {"workspace": slug, **WORDS}[name] for name, model in models.items()}


def query(route: Route, method: str, things: Things) -> dict[str, str]:
    """A value for each filter of a GET that is an id. Raises UnknownArgumentError."""
    names = _id_parameters(route) if method == "GET" else []
    unknown = set(names) - set(FILTERS)
    if unknown:
        raise UnknownArgumentError(f"{route.pattern}: tests.isolation.values does not know the filters {unknown}")
    return {name: things[FILTERS[name]] for name in names}


def _id_parameters(route: Route) -> list[str]:
    parameters = operation(route, "GET").get("parameters", [])
    return [each["name"] for each in parameters if each["in"] == "query" and each["schema"].get("format") == "uuid"]


def operation(route: Route, method: str) -> dict[str, Any]:
    """The OpenAPI schema's entry for a call; empty if it has none."""
    written = "/" + route.pattern.replace("<uuid:", "{").replace("<", "{").replace(">", "}")
    paths = _schema()["paths"]
    found = paths.get(written) or paths.get(f"{written}/") or paths.get(written.rstrip("/")) or {}
    return dict(found.get(method.lower(), {}))


def id_fields(route: Route, method: str) -> list[str]:
    """The id fields of a call's body, according to the OpenAPI schema."""
    content = operation(route, method).get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
    fields = _schema()["components"]["schemas"].get(name, {}).get("properties", {})
    return [field for field, about in fields.items() if about.get("format") == "uuid"]


@cache
def _schema() -> dict[str, Any]:
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


def body(route: Route, method: str, things: Things) -> dict[str, Any]:
    """A body that works for a permitted caller."""
    if method not in UNSAFE:
        return {}
    for key in (f"{method} {route.name}", route.name, f"{method} {route.pattern.rstrip('/')}"):
        if key in BODIES:
            return BODIES[key](things)
    return {}


def refers_to_things(route: Route) -> bool:
    """Whether a call of this route names rows in its URL, a filter or its body."""
    if any(model_of(route, name) for name in route.arguments) or _id_parameters(route):
        return True
    own, none = Things(None), Marked(None)
    return any(body(route, method, own) != body(route, method, none) for method in UNSAFE)


class Marked(Things):
    """Recognizable fake ids, to see whether a body contains any."""

    def __getitem__(self, model: str) -> str:
        return "marked"
