"""A template to somebody who cannot be written to freely any more: what is known of the place, and sending it once."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Conversation, Turn
from agents.runs import transcript
from channels import actions
from channels.models import Connection, Delivery, InboxEvent, Thread
from channels.providers.shapes import openers
from channels.providers.shapes.openers import Filled
from tenants.audit import journal
from tenants.statements import execute
from tenants.wordings import Wording

SENT = Wording("channels.template_sent", _("The template %(name)s (%(language)s)."))


@dataclass(frozen=True)
class Place:
    """Where a conversation's person is written to. address: the one of their newest message."""

    thread: Thread
    address: Mapping[str, str]


def place_of(conversation: Conversation) -> Place | None:
    """None if nobody can be written to there: the channel is not connected, or the conversation went on elsewhere."""
    threads = Thread.objects.select_related("connection")
    thread = threads.filter(conversation=conversation, connection__state=Connection.State.ACTIVE).first()
    if thread is None:
        return None
    heard = InboxEvent.objects.filter(thread=thread).exclude(address={}).order_by("-position", "-id")
    newest = heard.first()
    return Place(thread, newest.address) if newest else None


def send(conversation: Conversation, filled: Filled, text: str, key: UUID) -> UUID | None:
    """Put a template on its way, inside the tenant's scope: the thread to wake, or None if nobody can be written to.

    text: the words that the person gets. key: the same one sends once, however often it comes.
    """
    place = place_of(conversation)
    if place is None:
        return None
    Thread.objects.select_for_update(no_key=True, of=("self",)).get(id=place.thread.id)
    turn_id = uuid5(conversation.id, str(key))
    if not Turn.objects.filter(id=turn_id).exists():
        _queue(place, turn_id, conversation, filled, text)
    return place.thread.id


def _queue(place: Place, turn_id: UUID, conversation: Conversation, filled: Filled, text: str) -> None:
    now, speaker = timezone.now(), Turn.Speaker.EMPLOYEE
    author = conversation.agent.name
    turn = Turn(id=turn_id, conversation=conversation, speaker=speaker, author=author, text=text, said_at=now)
    execute(*transcript.adding(turn))
    address = {**place.address, openers.KEY: filled.as_json()}
    Delivery.objects.create(thread=place.thread, turn=turn, sequence=0, text=text, address=address, created_at=now)
    journal.record(actions.TEMPLATE_SENT, conversation, detail=SENT(name=filled.name, language=filled.language))
