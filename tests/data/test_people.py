"""People are rows: what they said points to them, so a name that is learned late is on all of it."""

import threading
from typing import Any
from uuid import UUID

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import Conversation, Person, Turn
from agents.people import persons
from channels.handles import people
from channels.models import Connection, Contact
from channels.privacy import erasure
from channels.scene import introductions
from tenants.scope import tenant_scope
from tests import factories
from tests.data.conftest import BEN, CAROL, Shop, words
from tests.data.test_export import made, opened, rows


def page(shop: Shop) -> str:
    """The only conversation, as the owner sees it."""
    with tenant_scope(shop.tenant.id):
        return shown(shop, f"conversations/{Conversation.objects.get().id}/")


def people_page(shop: Shop, wanted: str = "") -> str:
    return shown(shop, f"settings/data/people/?q={wanted}")


def shown(shop: Shop, path: str) -> str:
    browser = Client()
    browser.force_login(shop.owner)
    found: Any = browser.get(f"/t/acme/{path}")
    return words(found)


def learn(shop: Shop, name: str, external_id: str = BEN) -> None:
    introductions._remember(shop.tenant.id, shop.contact(external_id), name)


def second_connection(shop: Shop) -> Connection:
    with tenant_scope(shop.tenant.id):
        return factories.make_connection("T0SECOND", bot_user_id="U0BOT2")


def test_before_a_name_is_known_the_providers_id_is_shown(shop: Shop) -> None:
    shop.talk("Hello")
    assert BEN in page(shop)
    assert BEN in people_page(shop)


def test_a_name_that_is_learned_late_is_on_all_that_was_said_by_changing_one_row(shop: Shop) -> None:
    ts = shop.ts_of(shop.talk("Hello"))
    shop.talk("And on Sundays?", thread_ts=ts)
    contact = shop.contact()
    with CaptureQueriesContext(database) as queries:
        introductions._remember(shop.tenant.id, contact, "Ben Smith")
    assert [each["sql"].split('"')[1] for each in queries if each["sql"].startswith("UPDATE")] == [
        "channels_contact",
        "agents_person",
    ]
    assert page(shop).count("Ben Smith") == 2
    assert BEN not in page(shop)
    assert "Ben Smith" in people_page(shop, "smith")
    assert "Ben Smith" in people_page(shop, BEN)
    assert "Nobody is called" in people_page(shop, "Carol")


def test_a_provider_that_tells_no_name_leaves_the_person_without_one(shop: Shop) -> None:
    shop.talk("Hello")
    learn(shop, BEN)
    assert (shop.contact().name, shop.contact().person.name) == (BEN, "")
    assert BEN in page(shop)


def test_a_name_that_the_person_has_already_stays(shop: Shop) -> None:
    shop.talk("Hello")
    with tenant_scope(shop.tenant.id):
        persons.rename(shop.contact().person_id, "Benjamin")
    learn(shop, "Ben Smith")
    assert shop.contact().person.name == "Benjamin"


def test_a_turn_from_before_people_were_rows_shows_its_author(shop: Shop) -> None:
    shop.talk("Hello")
    with tenant_scope(shop.tenant.id):
        Turn.objects.filter(speaker="person").update(person=None, author="Old Ben")
    assert "Old Ben" in page(shop)


def test_an_id_at_two_connections_is_two_people(shop: Shop) -> None:
    shop.talk("Hello")
    other = second_connection(shop)
    with tenant_scope(shop.tenant.id):
        there = people.meet(other, BEN)
        here = people.meet(Connection.objects.exclude(id=other.id).get(), BEN)
        assert here.person_id != there.person_id
        persons.rename(here.person_id, "Ben Smith")
        assert people.meet(other, BEN).person.name == ""


def test_people_who_are_known_take_one_statement_and_new_ones_three_more(shop: Shop) -> None:
    with tenant_scope(shop.tenant.id):
        connection = Connection.objects.get()
        with CaptureQueriesContext(database) as first:
            met = people.meet_all(connection, [CAROL, BEN, CAROL])
        with CaptureQueriesContext(database) as second:
            again = people.meet_all(connection, [BEN, CAROL])
            assert [contact.person.name for contact in again.values()] == ["", ""]
        assert Person.objects.count() == Contact.objects.count() == 2
    assert (len(first), len(second)) == (4, 1)
    assert (list(met), list(again)) == ([CAROL, BEN], [BEN, CAROL])
    assert {each.id for each in met.values()} == {each.id for each in again.values()}


@pytest.mark.parametrize("rounds", range(3))
def test_workers_who_meet_somebody_at_the_same_moment_make_one_person(shop: Shop, rounds: int) -> None:
    barrier, found = threading.Barrier(4), list[UUID]()

    def meet(wanted: list[str]) -> None:
        barrier.wait()
        try:
            with tenant_scope(shop.tenant.id):
                met = people.meet_all(Connection.objects.get(), wanted)
                found.append(met[BEN].person_id)
        finally:
            database.close()

    workers = [threading.Thread(target=meet, args=[[BEN, CAROL][::turn]]) for turn in (1, -1, 1, -1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with tenant_scope(shop.tenant.id):
        assert Person.objects.count() == Contact.objects.count() == 2
    assert len(found) == 4
    assert len(set(found)) == 1


def test_erasing_somebody_deletes_the_person_and_what_points_to_it(shop: Shop) -> None:
    ts = shop.ts_of(shop.talk("My number is 4711."))
    shop.talk("What about me?", by=CAROL, thread_ts=ts)
    learn(shop, "Ben Smith")
    learn(shop, "Carol Jones", CAROL)
    erasure.erase_person(shop.tenant.id, shop.contact().id)
    with tenant_scope(shop.tenant.id):
        assert [person.name for person in Person.objects.all()] == ["Carol Jones"]
        speakers = [each.person and each.person.name for each in Turn.objects.filter(speaker="person").order_by("id")]
        assert speakers == [None, "Carol Jones"]
    assert "Ben Smith" not in page(shop)
    assert BEN not in page(shop)


def test_whoever_has_another_id_keeps_the_person_with_what_was_said_there(shop: Shop) -> None:
    shop.talk("Hello")
    learn(shop, "Ben Smith")
    other, person = second_connection(shop), shop.contact().person
    with tenant_scope(shop.tenant.id):
        Contact.objects.create(connection=other, external_id="U0ELSEWHERE", person=person)
        talk = Conversation.objects.create(agent=Conversation.objects.get().agent, channel="slack")
        Turn.objects.create(conversation=talk, speaker="person", person=person, text="Said elsewhere")
    erasure.erase_person(shop.tenant.id, shop.contact(BEN).id)
    assert shop.turns() == ["Said elsewhere"]
    assert shop.contact("U0ELSEWHERE").person.name == "Ben Smith"
    with tenant_scope(shop.tenant.id):
        assert [each.said_by for each in Turn.objects.select_related("person")] == ["Ben Smith"]


def test_what_no_event_leads_to_is_nobodys_after_the_erasure(shop: Shop) -> None:
    shop.talk("Hello", by=CAROL)
    with tenant_scope(shop.tenant.id):
        talk = Conversation.objects.get()
    shop.talk("Hello")
    person = shop.contact().person
    with tenant_scope(shop.tenant.id):
        Turn.objects.create(conversation=talk, speaker="person", person=person, author="Ben Smith", text="Long ago")
    erasure.erase_person(shop.tenant.id, shop.contact().id)
    with tenant_scope(shop.tenant.id):
        left = Turn.objects.get(text="Long ago")
    assert (left.person_id, left.author) == (None, "")


def test_the_export_has_people_and_who_said_what(shop: Shop) -> None:
    shop.talk("Hello")
    learn(shop, "Ben Smith")
    archive = opened(shop.tenant, made(shop))
    (person,) = rows(archive, "agents_person")
    assert person["name"] == "Ben Smith"
    said = {row["text"]: row["person_id"] for row in rows(archive, "agents_turn")}
    assert said == {"Hello": person["id"], "We open at nine.": None}
    assert [row["person_id"] for row in rows(archive, "channels_contact")] == [person["id"]]
