"""What a monitor alerts on: how long the oldest message waits, from the moment it came in."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from channels.models import InboxEvent
from tenants.scope import tenant_scope
from tests import factories
from tests.channels.slack import BOT, TEAM, arrive, payload
from tests.conftest import Cast


def test_a_message_that_no_worker_has_heard_counts(committed_cast: Cast, client: Client) -> None:
    with tenant_scope(committed_cast.acme.id):
        factories.make_agent()
        factories.make_connection(TEAM, bot_user_id=BOT)
    assert client.get("/healthz").json()["oldest_event_seconds"] == 0
    assert arrive(client, payload("app_mention")).status_code == 200
    with tenant_scope(committed_cast.acme.id):
        InboxEvent.objects.update(received_at=timezone.now() - timedelta(minutes=5))
    assert client.get("/healthz").json()["oldest_event_seconds"] >= 300
