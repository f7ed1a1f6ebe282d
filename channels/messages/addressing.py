"""Who is answered: whether a message is meant for an employee, and whether a person wrote it."""

from django.db.models import Q

from channels.handles import people
from channels.models import Connection, InboxEvent, Thread
from channels.providers.base import InboundMessage

SAID_TO_OTHERS = "Said to others."
NOBODY_EMPLOYED = "Nobody is employed here yet."
NOT_A_PERSON = "Not said by a person."
WHO_WROTE = "Posted through an app: the provider is asked whether a person wrote it."
TALK = {SAID_TO_OTHERS, NOBODY_EMPLOYED}
"""Reasons why nobody answers what a person said."""


def why_not(connection: Connection, message: InboundMessage, thread: Thread | None) -> str:
    """Why nobody answers a message; empty if somebody does. thread: the conversation it belongs to, if there is one."""
    if message.is_author_unsure and people.is_machine(connection, message.author):
        return NOT_A_PERSON
    return why_unanswered(connection, message, thread)


def why_unanswered(connection: Connection, message: InboundMessage, thread: Thread | None) -> str:
    """The same for what a person said."""
    if not message.is_addressed and not goes_on(connection, message, thread):
        return SAID_TO_OTHERS
    return "" if thread or connection.answering_agent() else NOBODY_EMPLOYED


def goes_on(connection: Connection, message: InboundMessage, thread: Thread | None) -> bool:
    """In a thread, whoever asked the employee there is heard without a new mention, unless they turn to others."""
    if thread is None or message.mentions_others or connection.only_when_mentioned:
        return False
    heard = InboxEvent.objects.filter(thread=thread).exclude(state=InboxEvent.State.IGNORED)
    before = Q(author="", turn__author__in=people.names_of(connection, message.author))  # from before it was noted
    return heard.filter(Q(author=message.author) | before).exists()


def standing(connection: Connection, message: InboundMessage) -> tuple[InboxEvent.State, str]:
    """How a message begins that is to be answered, and why: what may be a machine's waits for the provider's word."""
    if message.is_author_unsure and people.is_machine(connection, message.author) is not False:
        return InboxEvent.State.DOUBTFUL, WHO_WROTE
    return InboxEvent.State.PENDING, ""
