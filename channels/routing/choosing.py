"""Which employee gets a new conversation.

The one whom the first words name, else whoever is chosen for the place, else for the connection, else the first in the
order of seats. Whoever is paused is passed over, as long as somebody else works.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from agents.models import Agent
from channels.models import Connection, PlaceChoice

GREETINGS = (
    "good afternoon", "good evening", "good morning", "buenos días", "buongiorno", "guten morgen", "guten tag",
    "bonjour", "bom dia", "boa tarde", "buenas", "hallo", "hello", "salut", "ciao", "hola", "dear", "hey", "olá",
    "moin", "hi", "oi",
)  # fmt: skip
"""In the languages that a workspace can have. The longer ones come first."""


APOSTROPHES = "_-'\N{RIGHT SINGLE QUOTATION MARK}"
"""After a name, they make another word of it."""


class Called(NamedTuple):
    """An employee as people call it."""

    id: UUID
    name: str


class Teammate(NamedTuple):
    """An employee, and the places of a connection for which it is chosen."""

    agent: Agent
    places: Collection[str]


def team_at(connection: Connection) -> list[Teammate]:
    """All employees in the order of seats, inside the tenant's scope: one statement."""
    chosen = PlaceChoice.objects.filter(connection=connection, agent=OuterRef("id")).values("place")
    found = Agent.objects.in_order().annotate(places=ArraySubquery(chosen))
    return [Teammate(agent, agent.places) for agent in found]  # type: ignore[attr-defined]


def names() -> ArraySubquery:
    """For a query of the tenant's scope: the employees who work, each as JSON. See `called_in`."""
    working = Agent.objects.employed().filter(paused_at=None).order_by("id")
    return ArraySubquery(working.values(called=JSONObject(id="id", name="name")))


def called_in(found: Iterable[dict[str, str]]) -> list[Called]:
    """What `names` brought."""
    return [Called(UUID(each["id"]), each["name"]) for each in found]


def choose(team: Sequence[Teammate], text: str, place: str, default_id: UUID | None) -> Agent | None:
    """Who gets a conversation that begins with this text in this place; None while nobody is employed."""
    working = [each for each in team if each.agent.paused_at is None] or team
    named = named_in(text, [Called(each.agent.id, each.agent.name) for each in working])
    wanted = (
        next((each for each in working if each.agent.id == named), None),
        next((each for each in working if place and place in each.places), None),
        next((each for each in working if each.agent.id == default_id), None),
        next(iter(working), None),
    )
    return next((each.agent for each in wanted if each), None)


def named_in(text: str, team: Sequence[Called]) -> UUID | None:
    """Whom the first words name, as in “Rosa, when do you open?”, “@Rosa” or “Hi Rosa”; None where one works alone."""
    if len(team) < 2:
        return None
    said = _without_greeting(text[:300].casefold().lstrip(" \t\n¡¿*_")).lstrip(" ,@")
    for each in sorted(team, key=lambda called: len(called.name), reverse=True):
        name = each.name.strip().casefold()
        if name and said.startswith(name) and _ends(said, len(name)):
            return each.id
    return None


def _without_greeting(said: str) -> str:
    greeting = next((each for each in GREETINGS if said.startswith(each) and _ends(said, len(each))), "")
    return said[len(greeting) :].lstrip(" ,!")


def _ends(said: str, at: int) -> bool:
    """Does a word end here? “Rosalind” names nobody who is called Rosa; “Rosa's” is about her, not to her."""
    following = said[at : at + 1]
    return not following or not (following.isalnum() or following in APOSTROPHES)
