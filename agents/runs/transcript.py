"""What was said in a conversation, and how much of it the LLM gets to read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from agents.models import Agent, Conversation, Person, Run, Turn

ERASED = "[erased]"
"""Stands in place of words that were erased. The LLM does not get to read it."""
TITLE = 120
"""Characters of what was said first that make a conversation's title."""
REMEMBERED_TURNS = 40
REMEMBERED_BYTES = 24_000


def begin(agent: Agent, channel: str, title: str) -> Conversation:
    """A new conversation of an employee in a channel (the provider's name)."""
    return Conversation.objects.create(agent=agent, channel=channel, title=title)


def hear(conversation: Conversation, *, person: Person, text: str, said_at: datetime) -> Turn:
    """A person said something."""
    return _add(conversation, speaker=Turn.Speaker.PERSON, person=person, text=text, said_at=said_at)


def say(conversation: Conversation, run: Run, text: str, said_at: datetime) -> Turn:
    """The employee answered, in this run."""
    author = run.revision.name
    return _add(conversation, run=run, speaker=Turn.Speaker.EMPLOYEE, author=author, text=text, said_at=said_at)


def _add(conversation: Conversation, *, said_at: datetime, **fields: Any) -> Turn:
    turn = Turn.objects.create(conversation=conversation, said_at=said_at, **fields)
    Conversation.objects.filter(id=conversation.id).update(last_turn_at=said_at)
    return turn


def title_of(text: str) -> str:
    """The title of a conversation that begins with this."""
    return text[:TITLE]


def reword(turn: Turn, text: str) -> bool:
    """A person changed what they said; so does a title made of it. False if it reads the same."""
    if turn.text == text:
        return False
    _retitle(turn, title_of(text))
    turn.text = text
    turn.save(update_fields=["text"])
    return True


def withdraw(turn: Turn) -> None:
    """A person deleted what they said: it goes from here too, and from a title made of it."""
    _retitle(turn, ERASED)
    erase(Turn.objects.filter(id=turn.id))


def _retitle(turn: Turn, title: str) -> None:
    Conversation.objects.filter(id=turn.conversation_id, title=title_of(turn.text)).update(title=title)


def erase(turns: QuerySet[Turn]) -> int:
    """Replace what was said and who said it; returns how many turns. The employee's name stays."""
    turns.filter(speaker=Turn.Speaker.PERSON).update(person=None, author="")
    return turns.update(text=ERASED)


def with_last(said: Sequence[Turn], asked: Sequence[Turn]) -> list[Turn]:
    """The same turns, those that wait for an answer last, even if an answer was saved after they were said."""
    waiting = {turn.id for turn in asked}
    return [*(turn for turn in said if turn.id not in waiting), *asked]


def remembered(conversation: Conversation) -> Sequence[Turn]:
    """The newest turns that fit, oldest first; the last one always, however long it is."""
    said = conversation.turns.exclude(text=ERASED).select_related("person")
    newest = said.order_by("-said_at", "-id")[:REMEMBERED_TURNS]
    kept: list[Turn] = []
    room = REMEMBERED_BYTES
    for turn in newest:
        room -= len(turn.text.encode())
        if kept and room < 0:
            break
        kept.append(turn)
    return kept[::-1]
