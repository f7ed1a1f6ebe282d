"""Names instead of the provider's ids: asked for before the first answer."""

import logging
import time
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone

from agents.people import persons
from channels.connections import credentials
from channels.handles import people
from channels.models import Contact, InboxEvent, Thread
from channels.providers.base import DeliveryError, DeliveryRefusedError
from channels.providers.registry import provider_named
from channels.scene import talk
from tenants.scope import give_back, tenant_scope

log = logging.getLogger(__name__)

AT_ONCE = 5
ASK_SECONDS = 2
"""An answer waits no longer for names."""
SLOW_SECONDS = 1
PAUSE_SECONDS = 60
"""After a fault that took long, during which answers do not wait for names at all."""


def introduce(tenant_id: UUID, thread_id: UUID) -> None:
    """Ask the provider who those people in a thread are whose names an answer needs. Open no scope around this.

    A name that is not told quickly is asked for another time: people are answered without it.
    """
    with tenant_scope(tenant_id):
        thread = Thread.objects.select_related("connection__tenant").filter(id=thread_id).first()
        strangers = _strangers(thread) if thread else []
        if thread is None or not strangers:  # it may have been erased meanwhile
            return
        provider = provider_named(thread.connection.provider)
        account = credentials.account_of(thread.connection)
    pause = f"names:{thread.connection_id}"
    if cache.get(pause):
        return
    give_back()
    began = time.monotonic()
    for contact in strangers:
        left = round(ASK_SECONDS - (time.monotonic() - began))
        if left < 1:
            return
        try:
            name = provider.name_of(account, contact.external_id, left)
        except DeliveryError as error:
            log.warning("No name for a contact: %s", error)
            if not isinstance(error, DeliveryRefusedError) or error.breaks_connection:
                if time.monotonic() - began >= SLOW_SECONDS:
                    cache.set(pause, 1, PAUSE_SECONDS)
                return  # it may be told another time
            name = contact.external_id
        _remember(tenant_id, contact, name[:120])


def _remember(tenant_id: UUID, contact: Contact, name: str) -> None:
    """The first name that is told counts for all that the person said, whatever ids they have elsewhere."""
    with tenant_scope(tenant_id):
        is_known = Contact.objects.filter(id=contact.id).update(name=name)
        if is_known and name != contact.external_id and not contact.person.name:  # not erased meanwhile
            persons.rename(contact.person_id, name)
    give_back()


def _strangers(thread: Thread) -> list[Contact]:
    """Whose names are not known yet: of those who wait for an answer, and of those who talked around the employee."""
    wait = InboxEvent.objects.unanswered().filter(thread=thread).exclude(author="").order_by()
    wrote = list(wait.values_list("author", flat=True).distinct()[:AT_ONCE])
    if not wrote:
        return []
    nameless = thread.connection.contacts.filter(name="", external_id__in=wrote).exclude(is_machine=True)
    strangers = list(nameless.select_related("person"))
    talked = dict.fromkeys(m.author for m in talk.before(thread.connection, thread.external_id, timezone.now()))
    met = people.meet_all(thread.connection, talked)
    return [*strangers, *(each for each in met.values() if not each.name and each not in strangers)][:AT_ONCE]
