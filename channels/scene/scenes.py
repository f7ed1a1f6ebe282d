"""The scene of an answer: names in place of the provider's ids, the workspace's time, and talk that went before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from agents.models import Turn
from agents.runs import context
from agents.runs.context import Remark, Scene
from channels.models import Connection, Contact, Thread
from channels.providers.base import InboundMessage
from channels.providers.registry import provider_named

SOMEBODY_MENTIONED = "@somebody"


def scene_of(thread: Thread, turns: Sequence[Turn], overheard: Sequence[InboundMessage], now: datetime) -> Scene:
    """What an LLM is told around these turns of a thread, inside the tenant's scope.

    overheard: what people said to others there before, oldest first.
    """
    connection = thread.connection
    said = [turn for turn in turns if turn.speaker == Turn.Speaker.PERSON]
    texts = [*(turn.text for turn in turns), *(message.text for message in overheard)]
    mentioned = provider_named(connection.provider).mentioned("\n".join(texts))
    handles = [*(message.author for message in overheard), *mentioned]
    names = _names(connection, said, handles, taken=thread.conversation.agent.name)
    return Scene(
        channel=provider_named(connection.provider).label,
        now=now.astimezone(ZoneInfo(thread.tenant.time_zone)),
        speakers={turn.id: names[_speaker(turn)] for turn in said},
        mentions={f"@{each}": _called(names[each]) for each in mentioned},
        remarks=[_remark(message, names) for message in overheard],
        needs_function=provider_named(connection.provider).capabilities.needs_function,
    )


def _speaker(turn: Turn) -> str:
    """Who said it: a person's id in the database; what was kept with it before people were rows."""
    return str(turn.person_id) if turn.person_id else turn.author


def _names(connection: Connection, said: Sequence[Turn], handles: Sequence[str], *, taken: str) -> dict[str, str]:
    """The names of who said these turns, by `_speaker`, and of these ids at the provider, by the id.

    Each is told apart from the others'; those who were met first come first.
    """
    kept = [turn.author for turn in said if not turn.person]
    wanted = list(dict.fromkeys([*kept, *handles]))
    contacts = Contact.objects.filter(connection=connection, external_id__in=wanted).select_related("person")
    met = {contact.external_id: contact.person for contact in contacts}
    people = {person.id: person for person in [*met.values(), *(turn.person for turn in said if turn.person)]}
    known = {str(key): people[key].name for key in sorted(people)}
    is_id = set(provider_named(connection.provider).mentioned(" ".join(f"@{each}" for each in wanted)))
    others = {each: "" if each in is_id else each for each in wanted if each not in met}
    by_name = {name: key for key, name in known.items() if name}
    same = {each: by_name[each] for each in others if each in by_name}  # kept by name, before people were rows
    names = context.names_for({**known, **{each: name for each, name in others.items() if each not in same}}, [taken])
    ids = {external_id: str(person.id) for external_id, person in met.items()}
    return {**names, **{each: names[key] for each, key in {**same, **ids}.items()}}


def _called(name: str) -> str:
    return SOMEBODY_MENTIONED if name.startswith(context.SOMEBODY) else f"@{name}"


def _remark(message: InboundMessage, names: Mapping[str, str]) -> Remark:
    return Remark(names[message.author], message.text)
