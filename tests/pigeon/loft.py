"""A workspace with Pigeon Post: its side of the webhook, and what a worker does."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.test import Client

from agents.models import Conversation
from channels.connections.connect import connect
from channels.models import Connection, Delivery, InboxEvent, Thread
from channels.providers.connecting import Installed
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories, working
from tests.pigeon.provider import SECRET, signature

PROVIDERS = ["channels.providers.slack.Slack", "tests.pigeon.provider.Pigeon"]
ADA = 4930555


@dataclass(frozen=True)
class Loft:
    """One connected number."""

    tenant: Tenant
    connection: Connection
    secret: str

    @property
    def url(self) -> str:
        return f"/webhooks/pigeon/{self.connection.id}/"

    def message(self, number: int, text: str = "", **fields: Any) -> dict[str, Any]:
        """An item: Ada writes to this number."""
        at = 1_767_225_600 + number
        return {"to": int(self.connection.external_id), "id": number, "from": ADA, "text": text, "at": at, **fields}

    def status(self, state: str, **fields: Any) -> dict[str, Any]:
        """An item: what became of the newest delivery."""
        with tenant_scope(self.tenant.id):
            delivery = Delivery.objects.order_by("created_at", "sequence").last()
        assert delivery
        return {"to": self.connection.external_id, "status": state, "carries": str(delivery.id), "id": 77, **fields}

    def send(self, *items: Any, secret: str = "", url: str = "") -> int:
        """Post the items to this connection's own address, signed; the response's status."""
        body = json.dumps({"items": items}).encode()
        headers = {"X-Pigeon": signature(body, secret or self.secret)}
        sent = Client(raise_request_exception=False).post(
            url or self.url, body, content_type="application/json", headers=headers
        )
        working.hear_everywhere()
        return int(sent.status_code)

    def work(self) -> UUID:
        """What the tasks do for the only thread; its id."""
        with tenant_scope(self.tenant.id):
            thread_id = Thread.objects.get().id
        working.answer(self.tenant.id, thread_id)
        working.send_due(self.tenant.id, thread_id)
        return thread_id

    def events(self) -> list[str]:
        with tenant_scope(self.tenant.id):
            return list(InboxEvent.objects.order_by("id").values_list("state", flat=True))

    def deliveries(self) -> list[str]:
        with tenant_scope(self.tenant.id):
            return list(Delivery.objects.in_order().values_list("state", flat=True))

    def conversation(self) -> Conversation:
        with tenant_scope(self.tenant.id):
            return Conversation.objects.get()


def open_loft(tenant: Tenant, number: str, secret: str) -> Loft:
    """Connect a number, and employ somebody."""
    with tenant_scope(tenant.id):
        factories.make_agent()
        installed = Installed("pigeon", number, f"Loft {number}", f"token-{number}", "", str(ADA), "", {SECRET: secret})
        return Loft(tenant, connect(installed), secret)
