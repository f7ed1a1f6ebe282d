"""The API root: /api/v1/."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpResponseBase
from django.urls import URLPattern, URLResolver, path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from agents.web.api import AgentViewSet
from billing.web.api import CheckoutView, PortalView, PreviewView, SubscriptionView
from channels.providers.registry import providers
from channels.web.api import ChannelTestView, ChannelViewSet, install_view
from channels.web.conversations_api import ConversationViewSet
from channels.web.health.api import HealthView, connect_view
from channels.web.routing.api import RoutingView
from tenants.http.access import opens_own_scope
from tenants.web.api.audit import AuditViewSet
from tenants.web.api.members import InvitationViewSet, MemberViewSet
from usage.web.api import SummaryView


class SchemaView(APIView):
    """The OpenAPI schema, open to everybody: JSON, or YAML with the Accept header or `?format=yaml`."""

    schema = None
    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2)

    def get(self, request: Request) -> Response:
        return Response(openapi())


@cache
def openapi() -> dict[str, Any]:
    """The OpenAPI document, which is the same for everybody and slow to build."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema


def _either_slash(
    route: str, view: type[APIView], wrap: Callable[..., Any] = lambda view: view, **given: str
) -> list[URLPattern]:
    """A path that is documented without a trailing slash and works with one too."""
    exact: Callable[..., HttpResponseBase] = wrap(view.as_view())
    other: Callable[..., HttpResponseBase] = wrap(view.as_view(schema=None))
    return [path(route, exact, given), path(f"{route}/", other, given)]


router = SimpleRouter()
router.trailing_slash = "/?"
router.register("agents", AgentViewSet)
router.register("channels", ChannelViewSet)
router.register("conversations", ConversationViewSet)
router.register("audit", AuditViewSet, basename="audit")
router.register("members", MemberViewSet, basename="member")
router.register("invitations", InvitationViewSet, basename="invitation")

urlpatterns: list[URLPattern | URLResolver] = [
    *_either_slash("schema", SchemaView),
    *_either_slash("usage/summary", SummaryView),
    *_either_slash("billing/subscription", SubscriptionView),
    *_either_slash("billing/checkout", CheckoutView, opens_own_scope),
    *_either_slash("billing/portal", PortalView, opens_own_scope),
    *_either_slash("billing/preview", PreviewView, opens_own_scope),
    *(
        route
        for provider in providers()
        if provider.consent
        for route in _either_slash(
            f"channels/{provider.name}/install", install_view(provider), opens_own_scope, provider=provider.name
        )
    ),
    *_either_slash("channels/<uuid:id>/routing", RoutingView),
    *(
        route
        for provider in providers()
        if provider.form
        for route in _either_slash(
            f"channels/{provider.name}", connect_view(provider, provider.form), opens_own_scope, provider=provider.name
        )
    ),
    *_either_slash("channels/<uuid:id>/health", HealthView, opens_own_scope),
    *_either_slash("channels/<uuid:id>/test", ChannelTestView, opens_own_scope),
    *router.urls,
]
