"""Who talks to the AI employees: people, and the ids by which a connection's provider knows them."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from agents.models import Turn
from agents.people import persons
from channels.models import Connection, Contact, InboxEvent, Thread, place_id_of


def meet(connection: Connection, external_id: str) -> Contact:
    """The contact who wrote, inside the tenant's scope; made at the first message, still without a name."""
    return meet_all(connection, [external_id])[external_id]


def meet_all(connection: Connection, external_ids: Iterable[str]) -> dict[str, Contact]:
    """The contacts of these ids, each with its person: one statement, unless somebody is new."""
    wanted = list(dict.fromkeys(external_ids))
    found = known(connection, wanted)
    new = [each for each in wanted if each not in found]
    if new:
        found |= _introduced(connection, new)
    return {each: found[each] for each in wanted}


def name(contact: Contact, name: str) -> None:
    """What the provider says that somebody is called. The first name counts for all that the person said."""
    contact.name = name
    contact.save(update_fields=["name"])
    if not contact.person.name:
        persons.rename(contact.person_id, name)
        contact.person.name = name


def move(connection: Connection, old: Collection[str], new: str) -> Thread | None:
    """Somebody has another id from now on: what we know of them, and their conversation, go along.

    Nothing happens to what is known by the new id already. Harmless more than once. Returns the conversation's thread.

    Raises IntegrityError if they are met under the new id at this moment.
    """
    earlier = set(old) - {new}
    handles = Contact.objects.filter(connection=connection)
    known = handles.filter(external_id__in=earlier).order_by("id").first()
    if known and not handles.filter(external_id=new).exists():
        known.name = "" if known.name in earlier else known.name
        known.external_id = new
        known.save(update_fields=["external_id", "name"])
        InboxEvent.objects.filter(connection=connection, author__in=earlier).update(author=new)
    threads = Thread.objects.filter(connection=connection)
    thread = threads.filter(external_id__in=earlier).select_for_update(no_key=True, of=("self",)).order_by("id").last()
    if thread is None or threads.filter(external_id=new).exists():
        return None
    thread.external_id, thread.place_id = new, place_id_of(new)
    thread.save(update_fields=["external_id", "place_id"])
    return thread


def known(connection: Connection, external_ids: Iterable[str]) -> dict[str, Contact]:
    """Those of these ids whom we know, each with its person."""
    found = Contact.objects.select_related("person").filter(connection=connection, external_id__in=external_ids)
    return {contact.external_id: contact for contact in found}


def all_handles(connection: Connection, external_ids: Iterable[str]) -> list[tuple[UUID, str]]:
    """The same people's ids on all connections, each as (connection, id)."""
    persons_here = Contact.objects.filter(connection=connection, external_id__in=external_ids).values("person")
    return list(Contact.objects.filter(person__in=persons_here).values_list("connection", "external_id"))


def _introduced(connection: Connection, external_ids: list[str]) -> dict[str, Contact]:
    """New people. Where another worker met somebody at the same moment, theirs counts."""
    people = persons.create(len(external_ids))
    made = [
        Contact(connection=connection, external_id=external_id, person=person)
        for external_id, person in zip(external_ids, people, strict=True)
    ]
    made.sort(key=lambda contact: contact.external_id)  # two workers with the same people wait in the same order
    Contact.objects.bulk_create(made, ignore_conflicts=True)
    met = known(connection, external_ids)
    needless = {person.id for person in people} - {contact.person_id for contact in met.values()}
    if needless:
        persons.forget(needless)
    return met


def is_machine(connection: Connection, external_id: str) -> bool | None:
    """Does no person stand behind this id? None as long as the provider has not been asked."""
    contacts = Contact.objects.filter(connection=connection, external_id=external_id)
    return contacts.values_list("is_machine", flat=True).first()


def with_speakers(turns: QuerySet[Turn]) -> QuerySet[Turn]:
    """Turns with who said them, in the same statement: `Turn.said_by` then has the provider's id of the nameless."""
    handles = Contact.objects.filter(person=OuterRef("person")).order_by("id").values("external_id")[:1]
    return turns.select_related("person").annotate(handle=Coalesce(Subquery(handles), Value("")))
