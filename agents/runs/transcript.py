"""What was said in a conversation, and how much of it the LLM gets to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from agents.models import Agent, Conversation, Person, Run, Turn
from tenants.statements import Write, execute, insert, update

ERASED = "[erased]"
"""Stands in place of words that were erased. The LLM does not get to read it."""
TITLE = 120
"""Characters of what was said first that make a conversation's title."""
REMEMBERED_TURNS = 40
REMEMBERED_BYTES = 24_000


def begin(agent: Agent, channel: str, title: str) -> Conversation:
    """A new conversation of an employee in a channel (the provider's name)."""
    conversation = new(agent, channel, title)
    conversation.save(force_insert=True)
    return conversation


def new(agent: Agent, channel: str, title: str) -> Conversation:
    """The same, not saved yet."""
    return Conversation(agent=agent, channel=channel, title=title)


@dataclass(frozen=True)
class Said:
    """What a person said."""

    person: Person
    text: str
    said_at: datetime


def hear(conversation: Conversation, *, person: Person, text: str, said_at: datetime) -> Turn:
    """A person said something."""
    (turn,) = hear_all(conversation, [Said(person, text, said_at)])
    return turn


def hear_all(conversation: Conversation, said: Sequence[Said]) -> list[Turn]:
    """People said this, in this order: their turns, saved in one statement."""
    speaker = Turn.Speaker.PERSON
    turns = [
        Turn(conversation=conversation, speaker=speaker, person=each.person, text=each.text, said_at=each.said_at)
        for each in said
    ]
    if turns:
        execute(*adding(*turns))
        conversation.last_heard_at = _last_heard(turns)
    return turns


def say(conversation: Conversation, run: Run, text: str, said_at: datetime) -> Turn:
    """The employee answered, in this run."""
    turn = reply(conversation, run, text, said_at)
    execute(*adding(turn))
    return turn


def reply(conversation: Conversation, run: Run, text: str, said_at: datetime) -> Turn:
    """The turn of what the employee answered in this run, not saved yet: see `adding`."""
    author = run.revision.name
    return Turn(
        conversation=conversation, run=run, speaker=Turn.Speaker.EMPLOYEE, author=author, text=text, said_at=said_at
    )


def adding(*turns: Turn) -> tuple[Write, Write]:
    """What saves new turns of one conversation, for whoever writes them together with something else."""
    conversation = Conversation.objects.filter(id=turns[0].conversation_id)
    changes: dict[str, datetime | None] = {"last_turn_at": max(turn.said_at for turn in turns)}
    if any(turn.speaker == Turn.Speaker.PERSON for turn in turns):
        changes["last_heard_at"] = _last_heard(turns)
    return insert(*turns), update(conversation, **changes)


def _last_heard(turns: Sequence[Turn]) -> datetime | None:
    """When a person last said something there, with these turns. Providers may bring an older message later."""
    said = [turn.said_at for turn in turns if turn.speaker == Turn.Speaker.PERSON]
    return max(filter(None, (turns[0].conversation.last_heard_at, *said)), default=None)


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
