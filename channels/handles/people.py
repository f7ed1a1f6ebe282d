"""Who talks to the AI employees, by the provider's ids and by the names that are known."""

from channels.models import Connection, Contact


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
