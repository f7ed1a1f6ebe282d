"""Who is answered: whether a message is meant for an employee, and whether a person wrote it."""

from collections.abc import Collection

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from channels.models import Contact, InboxEvent, Thread
from channels.providers.base import InboundMessage
from tenants.wordings import Wording

SAID_TO_OTHERS = Wording("channels.said_to_others", _("Said to others."))
NOBODY_EMPLOYED = Wording("channels.nobody_employed", _("Nobody is employed here yet."))
WHO_WROTE = Wording(
    "channels.who_wrote", _("Posted through an app: Roster asks the provider whether a person wrote it.")
)
TALK = {SAID_TO_OTHERS.code, NOBODY_EMPLOYED.code}
"""Codes of the reasons why nobody answers what a person said."""


def may_go_on(message: InboundMessage, *, only_when_mentioned: bool) -> bool:
    """In a thread, whoever asked the employee there needs no new mention, unless they turn to others."""
    return not (message.mentions_others or only_when_mentioned)


def who_asked(thread: Thread, contacts: Collection[Contact]) -> set[str]:
    """Who of these has asked the employee in this thread before, by their ids at the provider."""
    ids = {contact.external_id for contact in contacts}
    by_person = {contact.person_id: contact.external_id for contact in contacts if contact.person_id}
    heard = InboxEvent.objects.filter(thread=thread).exclude(state=InboxEvent.State.IGNORED)
    unsigned = Q(author="", turn__person__in=by_person)  # from before the author was noted
    found = heard.filter(Q(author__in=ids) | unsigned).values_list("author", "turn__person").distinct()
    return {author or by_person[person] for author, person in found}
