"""What an older web process stores while an installation is upgraded is answered like everything else."""

from importlib import import_module

import psycopg

from agents.models import Turn
from channels.messages import due
from channels.messages.incoming.room import Place
from channels.models import InboxEvent, Thread
from config.local.embedded.postgres import Postgres
from tenants.scope import tenant_scope
from tests.data.conftest import BEN, CAROL, Shop

migration = import_module("channels.migrations.0016_places_of_what_came_meanwhile")


def places(shop: Shop) -> set[Place]:
    return {place for place in due.places(10, 10, [], {}) if place.tenant_id == shop.tenant.id}


def test_what_came_in_without_a_place_gets_one(shop: Shop, postgres: Postgres) -> None:
    shop.talk("When do you open?")
    answered, waiting = shop.talk("And on Sundays?", by=CAROL), shop.hear("May I bring my dog?")
    with tenant_scope(shop.tenant.id):
        before = dict(Thread.objects.values_list("id", "place_id"))
        doubtful = InboxEvent.objects.filter(thread=answered)
        doubtful.update(state=InboxEvent.State.DOUBTFUL, thread=None, place_id=None)
        Thread.objects.update(place_id=None)
        InboxEvent.objects.update(place_id=None)
        Turn.objects.filter(speaker=Turn.Speaker.PERSON, text="May I bring my dog?").update(person=None, author=BEN)
    assert places(shop) == set()

    (operation,) = migration.Migration.operations
    with psycopg.connect(postgres.url("owner")) as owner:
        owner.execute(operation.sql.replace("%%", "%").encode())

    with tenant_scope(shop.tenant.id):
        assert dict(Thread.objects.values_list("id", "place_id")) == before
        assert InboxEvent.objects.get(state=InboxEvent.State.DOUBTFUL).place_id == before[answered]
        assert Turn.objects.get(text="May I bring my dog?").person == shop.contact().person
    assert {place.place_id for place in places(shop)} == {before[waiting]}
    assert shop.claim(waiting)
