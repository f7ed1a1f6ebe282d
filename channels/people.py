"""Who talks to the AI employees: names instead of the provider's ids, learned once a person has written."""

import logging
from uuid import UUID

from agents.models import Turn
from channels import connections
from channels.models import Connection, Contact
from channels.providers import provider_named
from channels.providers.base import DeliveryError, RefusedError
from tenants.scope import tenant_scope

log = logging.getLogger(__name__)

AT_ONCE = 5
TURNS_AT_ONCE = 500
CLOCKS_DIFFER_MILLISECONDS = 60_000


def meet(connection: Connection, external_id: str) -> Contact:
    """The contact who wrote, inside the tenant's scope; made at the first message, still without a name."""
    return Contact.objects.get_or_create(connection=connection, external_id=external_id)[0]


def is_machine(connection: Connection, external_id: str) -> bool | None:
    """Does no person stand behind this id? None as long as the provider has not been asked."""
    contacts = Contact.objects.filter(connection=connection, external_id=external_id)
    return contacts.values_list("is_machine", flat=True).first()


def names_of(connection: Connection, external_id: str) -> list[str]:
    """What a turn may have as this person's name: the provider's id, and the name once it is known."""
    contacts = Contact.objects.filter(connection=connection, external_id=external_id)
    return [external_id, *(name for name in contacts.values_list("name", flat=True) if name)]


def introduce(tenant_id: UUID, thread_id: UUID) -> None:
    """Ask the provider for the names of new contacts of a thread's connection. Calls it: open no scope around this."""
    with tenant_scope(tenant_id):
        connection = Connection.objects.filter(threads=thread_id).first()
        if connection is None:  # the conversation was erased meanwhile
            return
        strangers = list(connection.contacts.filter(name="")[:AT_ONCE])
        provider, account = provider_named(connection.provider), connections.account_of(connection)
    for contact in strangers:
        try:
            name = provider.name_of(account, contact.external_id)
        except DeliveryError as error:
            log.warning("No name for a contact: %s", error)
            if not isinstance(error, RefusedError) or error.breaks_connection:
                return  # it may be told another time
            name = contact.external_id
        _remember(tenant_id, contact, name[:120])


def _remember(tenant_id: UUID, contact: Contact, name: str) -> None:
    """In short transactions: who was without a name for long may have said very much."""
    with tenant_scope(tenant_id):
        if not Contact.objects.filter(id=contact.id).update(name=name):
            return  # erased meanwhile
    after: UUID | None = _met(contact)
    while after is not None:
        after = _rename_next(tenant_id, contact, name, after)


def _met(contact: Contact) -> UUID:
    """The least id of what was said since the contact is known: ids are in the order of time, to the millisecond."""
    milliseconds = (contact.id.int >> 80) - CLOCKS_DIFFER_MILLISECONDS
    return UUID(int=max(0, milliseconds) << 80)


def _rename_next(tenant_id: UUID, contact: Contact, name: str, after: UUID) -> UUID | None:
    with tenant_scope(tenant_id):
        said = Turn.objects.filter(id__gt=after, author=contact.external_id)
        theirs = said.filter(conversation__thread__connection=contact.connection_id).order_by("id")
        ids = list(theirs.values_list("id", flat=True)[:TURNS_AT_ONCE])
        Turn.objects.filter(id__in=ids).update(author=name)
    return ids[-1] if len(ids) == TURNS_AT_ONCE else None
