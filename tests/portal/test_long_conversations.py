"""The conversation page, for conversations of any length."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from agents.models import Conversation, Run, Turn
from channels.models import Delivery, InboxEvent, Thread
from channels.web import reading
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.wordings import TOLD
from tests import factories
from tests.billing.people import Member, member
from tests.conftest import Cast

BEGINS = datetime(2026, 1, 1, 9, tzinfo=UTC)


@pytest.fixture
def owner(cast: Cast) -> Member:
    return member(cast.alice, cast.acme)


def long_talk(tenant: Tenant, turns: int, *, words: str = "line", apart: timedelta = timedelta(hours=1)) -> UUID:
    """A person and the AI employee take numbered turns; two turns have the same time."""
    with tenant_scope(tenant.id):
        agent = factories.make_agent()
        talk = Conversation.objects.create(agent=agent, channel="slack", title="A long one")
        thread = Thread.objects.create(connection=factories.make_connection(), external_id="C1:1", conversation=talk)
        revision = agent.revisions.get()
        runs = Run.objects.bulk_create(
            Run(conversation=talk, revision=revision, attempt=number, state="answered") for number in range(turns // 2)
        )
        said = Turn.objects.bulk_create(
            Turn(
                conversation=talk,
                run=runs[number // 2] if number % 2 else None,
                speaker="employee" if number % 2 else "person",
                text=f"{words} {number:05}.",
                said_at=BEGINS + apart * (number // 2),
            )
            for number in range(turns)
        )
        Delivery.objects.bulk_create(
            Delivery(thread=thread, turn=turn, sequence=part, address={}, text="part", state="sent")
            for turn in said
            if turn.run_id
            for part in range(2)
        )
    return talk.id


def fail(tenant: Tenant, talk: UUID, *numbers: int) -> list[UUID]:
    """Mark these turns as unanswered."""
    with tenant_scope(tenant.id):
        thread = Thread.objects.get(conversation=talk)
        turns = [Turn.objects.get(conversation=talk, text__endswith=f" {number:05}.") for number in numbers]
        InboxEvent.objects.bulk_create(
            InboxEvent(
                connection=thread.connection, thread=thread, turn=turn, provider="slack", external_account="T1",
                event_id=f"Ev{turn.id}", kind="message", position=1, payload="{}", state="failed",
                reason=TOLD(text="Too late."),
            )
            for turn in turns
        )  # fmt: skip
    return [turn.id for turn in turns]


def numbers(page: str) -> list[int]:
    """The turns that a page shows, in order."""
    return [int(number) for number in re.findall(r'"words">\w+ (\d{5})\.<', page)]


def link(page: str, words: str) -> str:
    """The target of the link with this text."""
    found = re.search(rf'href="([^"]*)"[^>]*>(?:(?!</a>).)*{words}', page, re.DOTALL)
    assert found, f"no link “{words}”"
    return found[1]


def test_the_newest_turns_are_shown_and_links_lead_to_the_rest_without_javascript(owner: Member) -> None:
    talk = long_talk(owner.tenant, 2 * reading.PAGE + 7)
    page = owner.get(f"conversations/{talk}/").content.decode()
    seen = numbers(page)
    assert seen == list(range(reading.PAGE + 7, 2 * reading.PAGE + 7))
    assert "Later messages" not in page
    for _ in range(2):
        page = owner.get(f"conversations/{talk}/{link(page, 'Earlier messages')}").content.decode()
        seen = [*numbers(page), *seen]
    assert seen == list(range(2 * reading.PAGE + 7))
    assert "Earlier messages" not in page
    later = owner.get(f"conversations/{talk}/{link(page, 'Later messages')}").content.decode()
    assert numbers(later) == list(range(7, reading.PAGE + 7))
    assert numbers(owner.get(f"conversations/{talk}/{link(later, 'Later messages')}").content.decode())[-1] == (
        2 * reading.PAGE + 6
    )


def test_htmx_gets_only_the_earlier_turns_and_each_day_is_named_once(owner: Member) -> None:
    talk = long_talk(owner.tenant, 2 * reading.PAGE, apart=timedelta(hours=5))
    whole = owner.get(f"conversations/{talk}/").content.decode()
    earlier = f"/t/acme/conversations/{talk}/{link(whole, 'Earlier messages')}"
    answer = owner.client.get(earlier, headers={"HX-Request": "true"})
    part = answer.content.decode()
    assert "<html" not in part
    assert "HX-Request" in answer["Vary"]
    assert numbers(part) == list(range(reading.PAGE))
    kept = whole.partition('id="earlier"')[2].partition("</div>")[2]  # what htmx keeps below the part
    days = re.findall(r'"day">([^<]+)<', part + kept)
    assert days == list(dict.fromkeys(days))
    assert len(days) == len({(BEGINS + timedelta(hours=5) * number).date() for number in range(reading.PAGE)})


def test_a_message_without_an_answer_is_found_from_the_top_of_the_page(owner: Member) -> None:
    talk = long_talk(owner.tenant, 3 * reading.PAGE)
    early, *_ = fail(owner.tenant, talk, 10, 20, 30, 40, 50)
    page = owner.get(f"conversations/{talk}/").content.decode()
    assert page.count("A message was not answered") == reading.FAILED
    assert "2 more were not answered" in page
    path = f"conversations/{talk}/?at={early}"
    landed = owner.get(path).content.decode()
    assert numbers(landed) == list(range(11))
    assert f'id="turn-{early}"' in landed
    assert landed.count("Not answered</span>") == 1
    assert numbers(owner.get(f"conversations/{talk}/{link(landed, 'Later messages')}").content.decode())[0] == 11


def test_an_unknown_id_or_one_of_another_conversation_shows_the_newest_page(owner: Member) -> None:
    talk = long_talk(owner.tenant, 8)
    with tenant_scope(owner.tenant.id):
        other = Conversation.objects.create(agent=Conversation.objects.get().agent, channel="slack")
        foreign = Turn.objects.create(conversation=other, speaker="person", text="Elsewhere.")
    for asked in ("before=x", "after=", f"at={UUID(int=1)}", f"before={foreign.id}"):
        answer = owner.get(f"conversations/{talk}/?{asked}")
        assert answer.status_code == 200
        assert numbers(answer.content.decode()) == list(range(8))


def test_twenty_thousand_turns_cost_no_more_than_two_hundred(owner: Member) -> None:
    sizes, statements = [], []
    for turns in (200, 20_000):
        talk = long_talk(owner.tenant, turns, words="line") if turns == 200 else _grown(owner.tenant, turns)
        owner.get(f"conversations/{talk}/")  # a first visit stores session data
        with CaptureQueriesContext(database) as queries:
            page = owner.get(f"conversations/{talk}/").content
        sizes.append(len(page))
        statements.append(len(queries))
    assert statements[0] == statements[1]
    assert abs(sizes[0] - sizes[1]) < 1_000, sizes


def _grown(tenant: Tenant, turns: int) -> UUID:
    """Add turns to the existing conversation in bulk."""
    with tenant_scope(tenant.id):
        talk = Conversation.objects.get()
        earliest = BEGINS - timedelta(days=1)
        Turn.objects.bulk_create(
            Turn(conversation=talk, speaker="person", text=f"line {n:05}.", said_at=earliest - timedelta(minutes=n))
            for n in range(turns - Turn.objects.count())
        )
        assert Turn.objects.count() == turns
    return talk.id


def test_long_turns_make_a_page_shorter(owner: Member) -> None:
    talk = long_talk(owner.tenant, 40, words="w" * 20_000)
    page = owner.get(f"conversations/{talk}/").content.decode()
    assert len(page) < reading.CHARACTERS + 50_000
    assert numbers(page)[-1] == 39
    assert 1 < len(numbers(page)) < 12
    earlier = owner.get(f"conversations/{talk}/{link(page, 'Earlier messages')}").content.decode()
    assert numbers(earlier)[-1] == numbers(page)[0] - 1
