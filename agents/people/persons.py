"""What can be done with people, inside the tenant's scope."""

from collections.abc import Collection
from uuid import UUID

from agents.models import Person, Turn


def create(count: int) -> list[Person]:
    """So many people, still without names, in the order of their ids."""
    return Person.objects.bulk_create(Person() for _ in range(count))


def rename(person_id: UUID, name: str) -> None:
    """A name for all that a person said and will say."""
    Person.objects.filter(id=person_id).update(name=name)


def forget(people: Collection[UUID]) -> None:
    """Delete people to whom no provider's id leads any more. What they said stays where it is, as nobody's."""
    Turn.objects.filter(person__in=people).update(person=None, author="")
    Person.objects.filter(id__in=people).delete()
