"""Who works here, in the order of seats, as pages show it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.core.paginator import Page
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents.models import Agent
from billing import quota, standing
from billing.standing import Office, Standing
from billing.web.links import Way
from tenants.http.middleware import Workspace
from tenants.paging.pages import page_numbered

PAGE = 25


class Duty(StrEnum):
    """Where an AI employee stands in the order of seats. Whether it answers, agents.web.presence knows."""

    SEATED = "seated"
    NO_SEAT = "no_seat"
    PAUSED = "paused"


@dataclass(frozen=True)
class Silence:
    """Why an employee does not answer now.

    badge: in a word or two. what: in a sentence. fix: what this reader can do, or who else can. way: a link, for those
    who may use it. is_chosen: an operator wanted it. is_shown_elsewhere: another notice on the page says it already.
    still_answers: it is on duty, but nobody new gets to it.
    """

    badge: str
    what: str
    fix: str = ""
    way: Way | None = None
    since: datetime | None = None
    is_chosen: bool = False
    is_shown_elsewhere: bool = False
    still_answers: bool = False


@dataclass(frozen=True)
class Place:
    """An AI employee and where it stands."""

    agent: Agent
    state: Duty
    is_first: bool = False
    is_last: bool = False
    silence: Silence | None = None
    """Why it does not answer, once agents.web.presence has looked."""

    @property
    def is_on_duty(self) -> bool:
        """Does it answer whoever writes to it, as far as agents.web.presence has seen?"""
        return self.silence is None or self.silence.still_answers

    @property
    def is_in_order(self) -> bool:
        """Does it have a place in the order of seats? Paused employees have none."""
        return self.state is not Duty.PAUSED


@dataclass(frozen=True)
class Team:
    """Everybody employed: first those in the order of seats, then those whom an operator has paused.

    rows: a page of them. in_order: how many have a place in the order of seats. waiting: the names of those without a
    seat. They are few: only who once had a seat has a place.
    """

    page: "Page[Agent]"
    rows: tuple[Place, ...]
    in_order: int
    waiting: tuple[str, ...]
    standing: Standing

    @property
    def seats(self) -> int:
        """How many may work now."""
        return self.standing.seats

    @property
    def seated(self) -> int:
        """How many have a seat."""
        return min(self.in_order, self.seats)

    @property
    def answering(self) -> list[str]:
        """The names of those who answer, once agents.web.presence has looked."""
        return [row.agent.name for row in self.rows if row.is_on_duty]

    @property
    def has_free_seat(self) -> bool:
        """Could one more be hired or reactivated?"""
        return self.in_order < self.seats

    @property
    def count(self) -> int:
        """How many are employed."""
        return self.page.paginator.count

    @property
    def summary(self) -> str:
        """How many work here, in a sentence or two."""
        if not self.standing.is_working:
            return _("Nobody is on duty.")
        taken = {"seated": self.seated, "seats": self.seats}
        if self.count > 1:
            return (
                ngettext(
                    "%(seated)d of %(seats)d seat taken. Seats are filled from the top.",
                    "%(seated)d of %(seats)d seats taken. Seats are filled from the top.",
                    self.seats,
                )
                % taken
            )
        return (
            ngettext("%(seated)d of %(seats)d seat taken.", "%(seated)d of %(seats)d seats taken.", self.seats) % taken
        )

    @property
    def waiting_words(self) -> str:
        """Why some have no seat, in a sentence."""
        count = ngettext("This workspace has %(seats)d seat.", "This workspace has %(seats)d seats.", self.seats)
        rest = ngettext(
            "It is paused: people who write get its message for when it is unavailable.",
            "They are paused: people who write get the message for when they are unavailable.",
            len(self.waiting),
        )
        return f"{count % {'seats': self.seats}} {rest}"


def look(office: Office, number: str | None = None) -> Team:
    """The team of the open scope's workspace, with this page of it."""
    current, in_order = office.standing, len(office.holders)
    page = page_numbered(Agent.objects.in_order(), number, PAGE)
    first = (page.number - 1) * PAGE
    rows = (_place(agent, place, current.seats, in_order - 1) for place, agent in enumerate(page.object_list, first))
    return Team(page, tuple(rows), in_order, tuple(office.names[current.seats :]), current)


def on_duty(workspace: Workspace) -> Agent | None:
    """Who answers a channel that names nobody, in the open scope."""
    return Agent.objects.on_duty()


def place_of(agent: Agent, office: Office) -> Place:
    """Where one employee stands in the order of seats."""
    order = office.holders
    number = order.index(agent.id) if agent.id in order else len(order)
    return _place(agent, number, office.standing.seats, len(order) - 1)


def require_free_seat() -> None:
    """Before somebody describes a new employee. Raises billing.quota.PaymentRequiredError; hiring.hire is the law."""
    quota.require_entitled()
    office = standing.office()
    if len(office.holders) >= office.standing.seats:
        raise quota.NoSeatError(_("one more AI employee"), office.standing.seats)


def _place(agent: Agent, number: int, seats: int, last: int) -> Place:
    if agent.paused_at is not None:
        return Place(agent, Duty.PAUSED)
    state = Duty.SEATED if number < seats else Duty.NO_SEAT
    return Place(agent, state, is_first=number == 0, is_last=number == last)
