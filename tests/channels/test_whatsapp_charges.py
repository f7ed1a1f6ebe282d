"""What Meta bills messages as: read from statuses, kept once, counted on the connection's page, mailed if odd."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from channels.connections import charges
from channels.models import Delivery, Thread
from channels.providers.shapes.webhooks import Charge, Webhook
from channels.providers.whatsapp import WhatsApp
from tenants.models import Mail, Role
from tenants.scope import tenant_scope
from tests import factories
from tests.bench.statements.reading import NOT_COUNTED
from tests.billing.people import Member, colleague, member
from tests.channels.whatsapp import PROVIDERS, SECRET, Line, open_line, payload, signature, status, value_of
from tests.conftest import Cast

MOST = 12
"""Statements of a page, as `make bench` counts them."""
AI = "general_purpose_ai"
REGULAR, FREE = "regular", "free_customer_service"


@pytest.fixture(autouse=True)
def _app(settings: Settings) -> None:
    settings.CHANNEL_PROVIDERS = PROVIDERS
    settings.WHATSAPP_APP_SECRET = SECRET


@pytest.fixture
def line(committed_cast: Cast) -> Line:
    opened = open_line(committed_cast.acme)
    opened.send(payload("text"))
    return opened


@pytest.fixture
def owner(line: Line, committed_cast: Cast) -> Member:
    return member(committed_cast.alice, committed_cast.acme)


def sent(line: Line) -> Delivery:
    """One more part of an answer that Meta took."""
    with tenant_scope(line.tenant.id):
        thread = Thread.objects.get()
        said = thread.conversation.turns.create(speaker="employee", text="Yes.")
        given = {"address": {}, "text": "Yes.", "state": "sent", "sent_at": timezone.now()}
        return Delivery.objects.create(thread=thread, turn=said, sequence=0, **given)


def priced(line: Line, category: str, kind: str, delivery: Delivery | None = None, state: str = "sent") -> Delivery:
    """Meta says what it bills a message as."""
    about = delivery or sent(line)
    line.send(status(about.id, state, pricing={"category": category, "type": kind, "pricing_model": "PMP"}))
    with tenant_scope(line.tenant.id):
        return Delivery.objects.get(id=about.id)


def mails(line: Line) -> list[Mail]:
    with tenant_scope(line.tenant.id):
        return list(Mail.objects.filter(kind=Mail.Kind.CHANNEL_CHARGES).order_by("recipient"))


def page(line: Line, owner: Member) -> str:
    return " ".join(owner.read(f"channels/{line.connection.id}/").split())


@pytest.mark.parametrize(
    ("pricing", "charge"),
    [
        ({"category": "service", "type": REGULAR}, Charge("service", is_charged=True)),
        ({"category": "service", "type": FREE, "billable": True}, Charge("service", is_charged=False)),
        ({"category": "marketing", "type": "free_entry_point"}, Charge("marketing", is_charged=False)),
        ({"category": "utility", "type": REGULAR, "billable": False}, Charge("utility", is_charged=True)),
        ({"category": "x" * 99, "type": REGULAR}, Charge("x" * 40, is_charged=True)),
        ({"category": "service", "billable": True}, None),
        ({"type": REGULAR}, None),
        ({"category": ["service"], "type": 7}, None),
        ("service", None),
        (None, None),
    ],
)
def test_a_status_says_what_the_message_is_billed_as(pricing: Any, charge: Charge | None) -> None:
    body = status("0192a1b2-0000-7000-8000-000000000000", "sent", pricing=pricing)
    raw = json.dumps(body).encode()
    headers = {"X-Hub-Signature-256": signature(raw)}
    (update,) = WhatsApp().receive(Webhook("POST", raw, headers))
    assert update.charge == charge  # type: ignore[union-attr]


def test_the_first_status_with_a_price_counts(line: Line) -> None:
    delivery = sent(line)
    body = status(delivery.id, "sent")
    del value_of(body)["statuses"][0]["pricing"]
    line.send(body)
    assert (line.last_delivery().charge_category, line.last_delivery().is_charged) == ("", None)
    for category, kind, state in (("service", FREE, "delivered"), ("utility", REGULAR, "read"), (AI, REGULAR, "sent")):
        kept = priced(line, category, kind, delivery, state)
        assert (kept.charge_category, kept.is_charged) == ("service", False)
    assert mails(line) == []


@pytest.mark.parametrize(
    ("states", "known"),
    [
        (["sent"], (False, False)),
        (["delivered"], (True, False)),
        (["read"], (True, True)),
        (["played", "delivered", "sent"], (True, True)),
        (["delivered", "read", "failed"], (True, True)),
        (["failed", "read"], (False, False)),
    ],
)
def test_when_it_was_read_is_known_in_any_order(line: Line, states: list[str], known: tuple[bool, bool]) -> None:
    delivery = sent(line)
    for state in states:
        line.send(status(delivery.id, state))
    found = line.last_delivery()
    assert (found.delivered_at is not None, found.read_at is not None) == known


def test_a_later_read_does_not_move_the_first(line: Line) -> None:
    delivery = sent(line)
    line.send(status(delivery.id, "read"))
    first = line.last_delivery().read_at
    line.send(status(delivery.id, "read"))
    assert (line.last_delivery().read_at, line.last_delivery().delivered_at) == (first, first)


def test_pages_and_the_api_say_read_once_all_of_it_was(line: Line, owner: Member) -> None:
    delivery = sent(line)
    talk = delivery.turn.conversation_id
    with tenant_scope(line.tenant.id):
        given = {"address": {}, "text": "More.", "state": "sent", "sent_at": timezone.now()}
        more = Delivery.objects.create(thread=delivery.thread, turn=delivery.turn, sequence=1, **given)
    line.send(status(delivery.id, "read"), status(more.id, "delivered"))
    assert "Delivered " in owner.read(f"conversations/{talk}/")
    assert "Read " not in owner.read(f"conversations/{talk}/")
    line.send(status(more.id, "read"))
    with tenant_scope(line.tenant.id):
        at = timezone.localtime(Delivery.objects.get(id=more.id).read_at, ZoneInfo(line.tenant.time_zone))
    assert f"Read {at:%H:%M}" in owner.read(f"conversations/{talk}/")
    told = owner.client.get(f"/api/v1/conversations/{talk}/messages/", headers={"Roster-Workspace": "acme"}).json()
    assert all(each["read_at"] for each in told["results"][-1]["deliveries"])


def test_the_page_counts_the_month_by_category_charged_and_free(line: Line, owner: Member) -> None:
    assert "charges for" not in page(line, owner)
    for category, kind in (("service", FREE), ("service", FREE), ("service", REGULAR), ("group_service", REGULAR)):
        priced(line, category, kind)
    failed = priced(line, "utility", REGULAR)
    line.send(status(failed.id, "failed"))
    shown = page(line, owner)
    assert "What WhatsApp charges for" in shown
    assert "Meta bills your business for what is charged, not Roster." in shown
    assert "Utility templates" not in shown, "what failed is not billed"
    with tenant_scope(line.tenant.id):
        month = charges.month_of(line.connection, "UTC")
    assert month
    counted = [(each.label, each.charged, each.free) for each in month.counted]
    assert counted == [("Answers to people", 1, 2), ("group_service", 1, 0)]
    with CaptureQueriesContext(database) as asked:
        page(line, owner)
    assert sum(not NOT_COUNTED.match(each["sql"]) for each in asked.captured_queries) <= MOST


def test_last_month_and_other_numbers_are_not_counted(line: Line) -> None:
    zone = ZoneInfo(line.tenant.time_zone)
    old = priced(line, "service", REGULAR)
    first = charges.first_of_month(timezone.now(), zone)
    with tenant_scope(line.tenant.id):
        Delivery.objects.filter(id=old.id).update(sent_at=first - timedelta(seconds=1))
        assert charges.month_of(line.connection, str(zone)) is None
        Delivery.objects.filter(id=old.id).update(sent_at=first)
        assert charges.month_of(line.connection, str(zone))
        assert charges.month_of(factories.make_connection(), str(zone)) is None


@pytest.mark.parametrize(
    ("now", "zone", "first"),
    [
        ("2026-12-01T04:59:00+00:00", "America/New_York", "2026-11-01T04:00:00+00:00"),
        ("2026-12-01T05:00:00+00:00", "America/New_York", "2026-12-01T05:00:00+00:00"),
        ("2026-11-30T23:30:00+00:00", "Europe/Berlin", "2026-11-30T23:00:00+00:00"),
    ],
)
def test_a_month_begins_in_the_workspaces_zone(now: str, zone: str, first: str) -> None:
    begun = charges.first_of_month(datetime.fromisoformat(now), ZoneInfo(zone))
    assert begun.astimezone(UTC).isoformat() == first


def test_a_category_that_needs_a_look_is_mailed_once_a_month_and_shown(
    line: Line, owner: Member, committed_cast: Cast
) -> None:
    operator = colleague(committed_cast.acme, Role.OPERATOR)
    colleague(committed_cast.acme, Role.VIEWER)
    first = priced(line, AI, REGULAR)
    told = mails(line)
    assert {each.recipient for each in told} == {owner.user.email, operator.user.email}
    assert told[0].subject == "WhatsApp bills messages of +1 555-078-3881 in another way"
    assert f"/channels/{line.connection.id}/" in told[0].text
    assert "an AI for general purposes" in told[0].text
    with tenant_scope(line.tenant.id):
        Mail.objects.all().delete()  # as they are after 30 days, in a month of 31
    priced(line, AI, FREE)
    assert mails(line) == []
    assert "Look at this" in page(line, owner)
    with tenant_scope(line.tenant.id):
        Delivery.objects.filter(charge_category=AI).update(sent_at=first.created_at - timedelta(days=40))
    priced(line, AI, REGULAR)
    assert len(mails(line)) == 2, "a new month"
