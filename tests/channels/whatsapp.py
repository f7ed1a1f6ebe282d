"""A workspace with a WhatsApp number: Meta's side of the webhook, and what a worker does."""

import copy
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.test import Client

from channels.connections.connect import connect
from channels.models import Connection, Contact, Delivery, InboxEvent, Thread
from channels.providers.connecting import Installed
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories, working

PROVIDERS = ["channels.providers.slack.Slack", "channels.providers.whatsapp.WhatsApp"]
PAYLOADS = Path(__file__).parents[1] / "payloads" / "whatsapp"
PHONE, NUMBER, PERSON = "106540352242922", "15550783881", "16505551234"
PERSON_ID = "US.13491208655302741918"
TOKEN = "EAAB-for-tests"
SECRET = "0123456789abcdef0123456789abcdef"


def payload(name: str, **message: Any) -> dict[str, Any]:
    """A request from its file; `message` replaces fields of its message."""
    read: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    if message:
        value_of(read)["messages"][0].update(message)
    return read


def just_now(ago: float = 0) -> str:
    """A message's timestamp, so many seconds ago."""
    return str(int(time.time() - ago))


def value_of(request: dict[str, Any]) -> dict[str, Any]:
    """The value of a request's only change."""
    found: dict[str, Any] = request["entry"][0]["changes"][0]["value"]
    return found


def of(number: str, request: dict[str, Any]) -> dict[str, Any]:
    """The same request about another number of ours."""
    made = copy.deepcopy(request)
    value_of(made)["metadata"]["phone_number_id"] = number
    return made


def together(*requests: dict[str, Any]) -> dict[str, Any]:
    """Several requests as one batch."""
    return {**requests[0], "entry": [entry for each in requests for entry in each["entry"]]}


def status(delivery_id: object, state: str, **fields: Any) -> dict[str, Any]:
    """A request: what became of a delivery."""
    made = payload("status_failed" if state == "failed" else "status")
    value_of(made)["statuses"][0].update(biz_opaque_callback_data=str(delivery_id), status=state, **fields)
    return made


def signature(body: bytes, secret: str = SECRET) -> str:
    """X-Hub-Signature-256."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def arrive(client: Client, body: Any, url: str = "/webhooks/whatsapp", **headers: str) -> int:
    """Send a body to the webhook, signed unless headers say otherwise; the response's status."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"X-Hub-Signature-256": headers.pop("signature", signature(raw))} if headers.get("signature") != "" else {}
    response = client.post(url, raw, content_type="application/json", headers=sent)
    return int(response.status_code)


@dataclass(frozen=True)
class Line:
    """One connected number."""

    tenant: Tenant
    connection: Connection

    def send(self, *requests: dict[str, Any], url: str = "") -> int:
        """Meta sends these as one request, and a worker hears them; the response's status."""
        sent = arrive(Client(raise_request_exception=False), together(*requests), url or "/webhooks/whatsapp")
        working.hear_everywhere()
        return sent

    def work(self) -> UUID:
        """What the tasks do for the only thread; its id."""
        with tenant_scope(self.tenant.id):
            thread_id = Thread.objects.get().id
        working.answer(self.tenant.id, thread_id)
        working.send_due(self.tenant.id, thread_id)
        return thread_id

    def events(self) -> list[tuple[str, str]]:
        """Kind and state of each, in order."""
        with tenant_scope(self.tenant.id):
            return list(InboxEvent.objects.order_by("id").values_list("kind", "state"))

    def texts(self) -> list[str]:
        """What was heard."""
        with tenant_scope(self.tenant.id):
            heard = InboxEvent.objects.exclude(turn=None).order_by("id").select_related("turn")
            return [event.turn.text for event in heard if event.turn]

    def deliveries(self) -> list[str]:
        with tenant_scope(self.tenant.id):
            return list(Delivery.objects.in_order().values_list("state", flat=True))

    def last_delivery(self) -> Delivery:
        with tenant_scope(self.tenant.id):
            found = Delivery.objects.order_by("created_at", "sequence").last()
        assert found
        return found

    def people(self) -> list[tuple[str, str]]:
        """Id and name of everybody who wrote."""
        with tenant_scope(self.tenant.id):
            return list(Contact.objects.order_by("id").values_list("external_id", "name"))

    def threads(self) -> list[str]:
        with tenant_scope(self.tenant.id):
            return list(Thread.objects.order_by("id").values_list("external_id", flat=True))


def open_line(tenant: Tenant, phone: str = PHONE, secrets: dict[str, str] | None = None) -> Line:
    """Connect a number, and employ somebody."""
    with tenant_scope(tenant.id):
        factories.make_agent()
        named = Installed("whatsapp", phone, "+1 555-078-3881", TOKEN, phone, NUMBER, "", secrets or {})
        return Line(tenant, connect(named))
