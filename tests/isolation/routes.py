"""All of the site's routes, from Django's URL resolver, and who each says may call it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from rest_framework.views import APIView

from tenants.http.authorization import needed_by
from tenants.permissions import Permission

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")
GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")
API, PORTAL, ACCOUNTS = "api/v1/", "t/<slug:workspace>/", "accounts/"
STAFF = ("admin/", "styleguide/")
"""Behind the staff's second step: the admin, and the style guide, which opens no workspace's data."""

PUBLIC = {
    "": "redirects people to their workspace, strangers to the log-in",
    "workspaces/": "logged-in people see their own workspaces",
    "workspaces/new/": "logged-in people can create a workspace",
    "invitations/": "anyone with an invitation's link sees what it is about",
    "invitations/switch/": "logs out, to accept an invitation with another account",
    "invitations/<str:link>/": "an invitation's link, 256 random bits",
    "api/docs": "the API's documentation, the same for everyone",
    "api/docs/": "the API's documentation, the same for everyone",
    "chat/<uuid:connection_id>/": "a web chat, by 122 random bits; each visitor sees what the own cookie leads to",
    "chat/<uuid:connection_id>/events/": "the same, what is new",
    "chat/<uuid:connection_id>/talk/": "the same, only what was said",
    "chat/<uuid:connection_id>/frame/": "the same, in a frame on the sites that the operator named",
    "chat/<uuid:connection_id>/frame/events/": "the same",
    "chat/<uuid:connection_id>/frame/talk/": "the same",
    "chat/<uuid:connection_id>/embed.js": "a script that opens the frame, with the employee's name",
    "oauth/<slug:provider>/callback": "a provider's redirect back: bound to its workspace by a single-use state",
    "pictures/<uuid:tenant_id>/<slug:key>.png": "an employee's picture: its address has 256 bits that nobody can guess",
    "pictures/initials/<slug:letters>.png": "drawn from its address, the same for everyone",
    "webhooks/<slug:provider>": "signed by the provider, which names the account: its workspace is the route's",
    "webhooks/<slug:provider>/<slug:endpoint>": "the same, where a provider has several addresses",
    "webhooks/<slug:provider>/<uuid:connection_id>/": "signed with the connection's own secret; touches it alone",
    "webhooks/<slug:provider>/<uuid:connection_id>/<slug:endpoint>": "the same, where a provider has several addresses",
    "webhooks/stripe/<uuid:uuid>/": "signed by Stripe for the endpoint with this id; stores an event, reveals nothing",
    "livez": "a probe without data",
    "readyz": "a probe without data",
    "healthz": "a probe with ages and counts of the whole platform",
    "api/v1/schema": "the API's description, the same for everyone",
    "api/v1/schema/": "the API's description, the same for everyone",
}
"""Routes that belong neither to a workspace nor to a person's account, and why they exist."""


@dataclass(frozen=True)
class Route:
    """A URL with its arguments in angle brackets, and its view."""

    name: str
    pattern: str
    view: Callable[..., Any]
    is_written_otherwise: bool = False
    """The same URL with or without its trailing slash, whichever is undocumented."""

    @property
    def arguments(self) -> list[str]:
        """The names of its arguments."""
        return [name for _, name in ARGUMENT.findall(self.pattern)]

    @property
    def kind(self) -> str:
        """Which rules apply: `public`, `api`, `portal`, `accounts`, `admin`, or empty for none of them."""
        if self.pattern in PUBLIC:
            return "public"
        kinds: dict[str, str | tuple[str, ...]]
        kinds = {"api": API, "portal": PORTAL, "accounts": ACCOUNTS, "admin": STAFF}
        return next((kind for kind, prefix in kinds.items() if self.pattern.startswith(prefix)), "")

    @property
    def api_view(self) -> type[APIView] | None:
        """The class of an API view."""
        found = getattr(self.view, "cls", None)
        return found if isinstance(found, type) and issubclass(found, APIView) else None

    def takes(self, method: str) -> bool:
        """Whether an API view has this method."""
        if method == "OPTIONS":
            return True
        actions = getattr(self.view, "actions", None)
        wanted = ({"get", "head"} & {method.lower()} and {"get"}) or {method.lower()}
        return bool(wanted & (set(actions) if actions else _handlers(self.api_view)))

    def needs(self, method: str) -> Permission | None:
        """The permission that the view requires for this method."""
        if self.api_view:
            return needed_by(self.api_view, method)
        return getattr(self.view, "writes" if method == "POST" else "permission", None)

    def path(self, values: Mapping[str, str]) -> str:
        """The URL with these values for its arguments. Raises KeyError for a missing value."""
        return "/" + ARGUMENT.sub(lambda match: values[match[2]], self.pattern)


def _handlers(view: type[APIView] | None) -> set[str]:
    return {name for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)}


def all_routes() -> list[Route]:
    """Each route once; one that works with and without a trailing slash counts as two."""
    found: dict[str, Route] = {}
    for route in _walk(get_resolver().url_patterns, "", ""):
        found.setdefault(route.pattern, route)
    return list(found.values())


def _walk(patterns: list[Any], before: str, space: str) -> Iterator[Route]:
    for each in patterns:
        if isinstance(each, URLResolver):
            inner = f"{space}{each.namespace}:" if each.namespace else space
            yield from _walk(each.url_patterns, before + _written(each), inner)
        elif isinstance(each, URLPattern):
            written = before + _written(each)
            has_twin = getattr(each.callback, "initkwargs", {}).get("schema", "") is None  # api.root._either_slash
            yield Route(f"{space}{each.name or ''}", written.replace("/?", "/"), each.callback, has_twin)
            yield Route(f"{space}{each.name or ''}", written.replace("/?", ""), each.callback, "/?" in written)


def _written(pattern: URLPattern | URLResolver) -> str:
    """A pattern in `path()` syntax, even if `re_path()` made it."""
    text = str(pattern.pattern)
    if isinstance(pattern.pattern, RoutePattern):
        return text
    return GROUP.sub(r"<\1>", text).removeprefix("^").removesuffix("$").replace(r"\Z", "").replace("\\", "")


def undeclared(routes: list[Route]) -> list[str]:
    """A sentence for each route that belongs nowhere or doesn't say who may call it."""
    faults = []
    for route in routes:
        if not route.kind:
            faults.append(f"{route.pattern}: neither in a workspace nor in tests.isolation.routes.PUBLIC")
        elif route.kind == "portal" and not isinstance(route.needs("GET"), Permission):
            faults.append(f"{route.pattern}: its view has no @requires(Permission.…)")
        elif route.kind == "api":
            faults += [f"{method} {route.pattern}: no `reads` or `writes`" for method in _unguarded(route)]
    return faults


def _unguarded(route: Route) -> list[str]:
    return [method for method in METHODS if route.takes(method) and not isinstance(route.needs(method), Permission)]


NOBODY = UUID("01900000-0000-7000-8000-000000000000")
"""An id that doesn't exist."""
