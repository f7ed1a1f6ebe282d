"""Our addresses, and one that connects Pigeon Post, which only tests have."""

from django.urls import path

from channels.web.health.api import connect_view
from config import urls
from tenants.http.access import opens_own_scope
from tests.pigeon.provider import LoftForm, Pigeon

handler404 = urls.handler404
urlpatterns = [
    path(
        "api/v1/channels/pigeon",
        opens_own_scope(connect_view(Pigeon(), LoftForm()).as_view(schema=None)),  # type: ignore[arg-type]
        {"provider": "pigeon"},
    ),
    *urls.urlpatterns,
]
