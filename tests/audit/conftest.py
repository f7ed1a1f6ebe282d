"""A workspace's audit trail for tests."""

import pytest
from django.test import Client

from tenants.models import AuditEvent, Tenant, User
from tenants.scope import tenant_scope
from tests.conftest import Cast


@pytest.fixture
def alice(cast: Cast) -> Client:
    """Acme's owner, in a browser."""
    return browser_of(cast.alice)


def browser_of(user: User) -> Client:
    client = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"})
    client.force_login(user)
    return client


def entries(tenant: Tenant, action: str = "") -> list[AuditEvent]:
    """The trail's entries, oldest first."""
    with tenant_scope(tenant.id):
        found = AuditEvent.objects.order_by("id")
        return list(found.filter(action=action) if action else found)


def only(tenant: Tenant, action: str) -> AuditEvent:
    """The one entry with this action."""
    (entry,) = entries(tenant, action)
    return entry
