"""A web chat's page, opened as a visitor would: it opens, it is turned off, it cannot be reached."""

from uuid import uuid4

from pytest_django import Settings

from channels.connections.connect import connect
from channels.health import checkup
from channels.models import Connection, Probe, Route
from channels.providers.shapes.health import shown
from channels.providers.webchat import opening
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.channels.serving import served
from tests.conftest import Cast


def chat_of(tenant: Tenant) -> Connection:
    with tenant_scope(tenant.id):
        factories.make_agent()
        return connect(opening.install({}, uuid4(), lambda *_account: None))


def page_of(tenant: Tenant, chat: Connection) -> tuple[str, str, str]:
    """Check it: the connection's state, the probe's, and its words."""
    checkup.check(tenant.id, chat.id)
    with tenant_scope(tenant.id):
        probe = Probe.objects.get(key="webchat.probe_page")
        return Connection.objects.get().state, probe.state, shown(probe.seen)


def test_its_page_is_opened(committed_cast: Cast, settings: Settings) -> None:
    acme = committed_cast.acme
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    chat = chat_of(acme)
    with served() as url:
        settings.PUBLIC_URL = url
        state, found, words = page_of(acme, chat)
        assert (state, found) == ("active", "passes")
        assert words.startswith(f"It opens at {url}/chat/{chat.external_id}/, after ")
        settings.ALLOWED_HOSTS = ["elsewhere.example"]
        assert page_of(acme, chat)[:2] == ("broken", "fails")
        settings.ALLOWED_HOSTS = ["127.0.0.1"]
        assert page_of(acme, chat)[:2] == ("active", "passes")
    assert page_of(acme, chat)[:2] == ("active", "warns"), "unreachable from inside proves nothing"
    assert Route.objects.get().connection_id == chat.id
