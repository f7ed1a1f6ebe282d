"""Who talks to the AI employees, by the provider's ids and by the names that are known."""

from collections.abc import Collection

from channels.models import Connection, Contact


def meet(connection: Connection, external_id: str) -> Contact:
    """The contact who wrote, inside the tenant's scope; made at the first message, still without a name."""
    return Contact.objects.get_or_create(connection=connection, external_id=external_id)[0]


def known(connection: Connection, external_ids: Collection[str]) -> dict[str, Contact]:
    """Those of them whom we know, by the provider's id."""
    contacts = Contact.objects.filter(connection=connection, external_id__in=external_ids).select_related("person")
    return {contact.external_id: contact for contact in contacts}


def meet_all(connection: Connection, external_ids: Collection[str]) -> dict[str, Contact]:
    """The contacts of all of them, by the provider's id; made where they write for the first time."""
    return {each: meet(connection, each) for each in external_ids}


def is_machine(connection: Connection, external_id: str) -> bool | None:
    """Does no person stand behind this id? None as long as the provider has not been asked."""
    contacts = Contact.objects.filter(connection=connection, external_id=external_id)
    return contacts.values_list("is_machine", flat=True).first()


def names_of(connection: Connection, external_id: str) -> list[str]:
    """What a turn may have as this person's name: the provider's id, and the name once it is known."""
    contacts = Contact.objects.filter(connection=connection, external_id=external_id)
    return [external_id, *(name for name in contacts.values_list("name", flat=True) if name)]
