"""Who is answered: whether a message is meant for an employee, and whether a person wrote it."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from channels.handles import people
from channels.models import Connection, Contact, InboxEvent, Thread
from channels.providers.base import NOT_A_PERSON, InboundMessage
from tenants.wordings import NOTHING, Reason, Wording

SAID_TO_OTHERS = Wording("channels.said_to_others", _("Said to others."))
NOBODY_EMPLOYED = Wording("channels.nobody_employed", _("Nobody is employed here yet."))
WHO_WROTE = Wording(
    "channels.who_wrote", _("Posted through an app: Roster asks the provider whether a person wrote it.")
)
TALK = {SAID_TO_OTHERS.code, NOBODY_EMPLOYED.code}
"""Codes of the reasons why nobody answers what a person said."""


def why_not(connection: Connection, message: InboundMessage, thread: Thread | None) -> Reason:
    """Why nobody answers a message; empty if somebody does. thread: the conversation it belongs to, if there is one."""
    if message.is_author_unsure and people.is_machine(connection, message.author):
        return NOT_A_PERSON()
    return why_unanswered(connection, message, thread)


def why_unanswered(connection: Connection, message: InboundMessage, thread: Thread | None) -> Reason:
    """The same for what a person said."""
    if not message.is_addressed and not goes_on(connection, message, thread):
        return SAID_TO_OTHERS()
    return NOTHING if thread or connection.answering_agent() else NOBODY_EMPLOYED()


def goes_on(connection: Connection, message: InboundMessage, thread: Thread | None) -> bool:
    """In a thread, whoever asked the employee there needs no new mention, unless they turn to others."""
    if thread is None or message.mentions_others or connection.only_when_mentioned:
        return False
    heard = InboxEvent.objects.filter(thread=thread).exclude(state=InboxEvent.State.IGNORED)
    theirs = Contact.objects.filter(connection=connection, external_id=message.author).values("person")
    before = Q(author="", turn__person__in=theirs)  # from before it was noted
    return heard.filter(Q(author=message.author) | before).exists()


def standing(connection: Connection, message: InboundMessage) -> tuple[InboxEvent.State, Reason]:
    """The first state of a message to be answered, and why. If a machine may have written it, the provider is asked."""
    if message.is_author_unsure and people.is_machine(connection, message.author) is not False:
        return InboxEvent.State.DOUBTFUL, WHO_WROTE()
    return InboxEvent.State.PENDING, NOTHING
