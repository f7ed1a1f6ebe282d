"""The scene of an answer: names in place of the provider's ids, the workspace's time, and talk that went before."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from agents.models import Turn
from agents.runs import context
from agents.runs.context import Remark, Scene
from channels.models import Connection, Contact, InboxEvent, Thread
from channels.providers.base import InboundMessage
from channels.providers.registry import provider_named

SOMEBODY_MENTIONED = "@somebody"


def scene_of(thread: Thread, turns: Sequence[Turn], overheard: Sequence[InboundMessage], now: datetime) -> Scene:
    """What an LLM is told around these turns of a thread, inside the tenant's scope.

    overheard: what people said to others there before, oldest first.
    """
    connection = thread.connection
    authors = _authors(turns)
    texts = [*(turn.text for turn in turns), *(message.text for message in overheard)]
    mentioned = provider_named(connection.provider).mentioned("\n".join(texts))
    people = [*authors.values(), *(message.author for message in overheard), *mentioned]
    names = _names(connection, people, taken=thread.conversation.agent.name)
    return Scene(
        channel=provider_named(connection.provider).label,
        now=now.astimezone(ZoneInfo(thread.tenant.time_zone)),
        speakers={turn: names[author] for turn, author in authors.items()},
        mentions={f"@{each}": _called(names[each]) for each in mentioned},
        remarks=[_remark(message, names) for message in overheard],
    )


def _authors(turns: Sequence[Turn]) -> Mapping[UUID, str]:
    """Who said each turn, by id; by the name that was kept with it, where the id is not known any more."""
    said = {turn.id: turn.author for turn in turns if turn.speaker == Turn.Speaker.PERSON}
    known = InboxEvent.objects.filter(turn__in=said).exclude(author="").values_list("turn_id", "author")
    return {**said, **{turn: author for turn, author in known if turn}}


def _names(connection: Connection, people: Iterable[str], *, taken: str) -> dict[str, str]:
    """Each person's name, told apart from the others'; those who were met first come first."""
    wanted = list(dict.fromkeys(people))
    contacts = Contact.objects.filter(connection=connection, external_id__in=wanted).order_by("id")
    met = {contact.external_id: contact.known_name for contact in contacts}
    is_id = set(provider_named(connection.provider).mentioned(" ".join(f"@{each}" for each in wanted)))
    others = {each: "" if each in is_id else each for each in wanted if each not in met}
    by_name = {name: each for each, name in met.items() if name}
    same = {each: by_name[each] for each in others if each in by_name}  # kept by name, before ids were kept
    names = context.names_for({**met, **{each: name for each, name in others.items() if each not in same}}, [taken])
    return {**names, **{each: names[person] for each, person in same.items()}}


def _called(name: str) -> str:
    return SOMEBODY_MENTIONED if name.startswith(context.SOMEBODY) else f"@{name}"


def _remark(message: InboundMessage, names: Mapping[str, str]) -> Remark:
    return Remark(names[message.author], message.text)
