"""Ownership is decided by the whole id, not by a longer id that contains it or a name that two people share."""

import json

import pytest
from djstripe import models as mirror

from agents.models import Conversation, Turn
from agents.people import persons
from billing.sync.mirror import forget_customer
from channels.handles import people
from channels.messages import test_messages
from channels.models import Connection, Contact, InboxEvent
from channels.privacy import erasure
from tenants.privacy.exact_ids import names
from tenants.scope import tenant_scope
from tests.data.conftest import BEN, Shop

BENNY = f"{BEN}NY"


@pytest.mark.parametrize(
    "value",
    [
        {"user": BEN},
        {"text": f"Hello <@{BEN}>"},
        {"text": f"A line\n{BEN}"},
        {"users": {BEN: True}},
        {"blocks": [{"elements": [[{"user_id": BEN}]]}]},
        {"text": f"\u201c{BEN}\u201d"},
    ],
)
def test_an_id_is_found_in_any_position(value: object) -> None:
    assert names(json.dumps(value), BEN)
    assert not names(json.dumps(value).replace(BEN, BENNY), BEN)
    assert not names(json.dumps(value).replace(BEN, f"X{BEN}"), BEN)


def test_invalid_json_is_searched_as_text() -> None:
    assert names(f"broken {{ {BEN}", BEN)
    assert not names(f"broken {{ {BENNY}", BEN)
    assert names("[" * 100_000 + BEN, BEN)


def told(shop: Shop, kind: str, **event: object) -> None:
    """An event without a message, such as a channel join."""
    with tenant_scope(shop.tenant.id):
        connection = Connection.objects.get()
        InboxEvent.objects.create(
            connection=connection, provider="slack", external_account=connection.external_id, event_id=f"Ev-{kind}",
            kind=kind, position=0, state="ignored", payload=json.dumps({"event": {"type": kind, **event}}),
        )  # fmt: skip


def test_events_of_a_person_with_a_longer_id_are_kept(shop: Shop) -> None:
    shop.talk("Hello")
    told(shop, "member_joined_channel", user=BENNY)
    told(shop, "reaction_added", user=BEN)
    erasure.erase_person(shop.tenant.id, shop.contact().id)
    with tenant_scope(shop.tenant.id):
        left = dict(InboxEvent.objects.filter(turn=None, kind__contains="_").values_list("kind", "payload"))
    assert BENNY in left["member_joined_channel"]
    assert left["reaction_added"] == ""


def _tested(shop: Shop, number: int, author: str, payload: str) -> None:
    with tenant_scope(shop.tenant.id):
        connection, agent = Connection.objects.get(), Conversation.objects.all()[0].agent
        talk = Conversation.objects.create(agent=agent, channel="slack")
        person = Contact.objects.get(external_id=author).person if author else None
        turn = Turn.objects.create(
            conversation=talk, speaker="person", person=person, author="" if person else "Ben", text=f"Test {number}"
        )
        InboxEvent.objects.create(
            connection=connection, turn=turn, provider="slack", external_account=connection.external_id,
            event_id=f"test-{number}", kind="test_message", position=0, state="done", is_test=True, payload=payload,
        )  # fmt: skip


def test_test_messages_of_a_namesake_are_kept(shop: Shop) -> None:
    shop.talk("Hello")
    with tenant_scope(shop.tenant.id):
        for contact in people.meet_all(Connection.objects.get(), [BEN, BENNY]).values():
            persons.rename(contact.person_id, "Ben")
    for number, author in enumerate([BEN, BENNY]):
        _tested(shop, number, author, json.dumps({test_messages.AUTHOR: author}))
    _tested(shop, 2, "", test_messages.UNSIGNED)  # from before ids were stored: by one Ben or the other
    erasure.erase_person(shop.tenant.id, shop.contact().id)
    assert [text for text in shop.turns() if text.startswith("Test")] == ["Test 1", "Test 2"]


@pytest.mark.django_db
def test_events_of_a_customer_with_a_longer_id_are_kept() -> None:
    for customer in ("cus_1", "cus_12"):
        body = json.dumps({"data": {"object": {"customer": customer}}})
        mirror.WebhookEventTrigger.objects.create(body=body, headers={}, remote_ip="127.0.0.1")
    forget_customer("cus_1")
    assert ["cus_12" in each.body for each in mirror.WebhookEventTrigger.objects.all()] == [True]
