"""What a workspace's members read about its subscription: one view for the billing page and the API."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from math import ceil
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from billing import standing
from billing.catalogue import PLANS, Plan
from billing.models import CompSeats, Entitlement
from billing.standing import Office, Standing
from billing.subscription import cancellation

BRANDS: dict[str, StrOrPromise] = {
    "amex": "American Express",
    "diners": "Diners Club",
    "discover": "Discover",
    "eftpos_au": "Eftpos",
    "jcb": "JCB",
    "mastercard": "Mastercard",
    "unionpay": "UnionPay",
    "us_bank_account": _("Bank account"),
    "sepa_debit": _("SEPA debit"),
    "visa": "Visa",
}
"""Stripe's names for cards and other payment methods: https://docs.stripe.com/api/payment_methods/object"""


@dataclass(frozen=True)
class Card:
    """What invoices are charged to. last4 and expires ("04/2030") are empty if it is not a card."""

    brand: str
    last4: str
    expires: str
    is_expired: bool

    def __str__(self) -> str:
        if not self.last4:
            return self.brand
        return gettext("%(brand)s ending in %(last4)s") % {"brand": self.brand, "last4": self.last4}


@dataclass(frozen=True)
class SeatHolder:
    """A place in the order of seats. pauses: a planned change takes this seat away."""

    holder_id: UUID
    name: str
    is_seated: bool
    pauses: bool


@dataclass(frozen=True)
class Statement:
    """The subscription as it is now. Amounts are USD, times aware. `paid` is what Stripe said last.

    given_until: when the first complimentary seats end; is_given_in_parts: others end later.
    """

    standing: Standing
    places: tuple[SeatHolder, ...]
    given_until: datetime | None
    is_given_in_parts: bool
    now: datetime

    @property
    def paid(self) -> Entitlement:
        """The row behind the standing."""
        return self.standing.entitlement

    @property
    def plan(self) -> Plan | None:
        """What is paid for each AI employee."""
        return self.standing.plan

    @property
    def other_plan(self) -> Plan | None:
        """The plan to switch to."""
        return next((plan for plan in PLANS if self.plan and plan != self.plan), None)

    @property
    def unit_usd(self) -> Decimal | None:
        """What one AI employee costs here: a former price may still apply."""
        known = self.paid.unit_usd
        return known if known is not None or self.plan is None else self.plan.unit_usd

    @property
    def total_usd(self) -> Decimal | None:
        """What an interval costs, before discounts and tax."""
        return self.unit_usd * self.paid.seats if self.unit_usd is not None else None

    @property
    def seats_had(self) -> int:
        """Paid and complimentary seats, whether they may be used now or not."""
        return self.paid.seats + self.standing.comp_seats

    @property
    def seats_used(self) -> int:
        """How many AI employees work."""
        return len(self.working)

    @property
    def seats_free(self) -> int:
        """How many more could be hired."""
        return max(0, self.standing.seats - len(self.places))

    @cached_property
    def working(self) -> tuple[str, ...]:
        """The names of those who work."""
        return tuple(place.name for place in self.places if place.is_seated)

    @cached_property
    def resting(self) -> tuple[str, ...]:
        """The names of those without a seat."""
        return tuple(place.name for place in self.places if not place.is_seated)

    @cached_property
    def pausing(self) -> tuple[str, ...]:
        """The names of those whom a planned change will pause."""
        return tuple(place.name for place in self.places if place.pauses)

    @property
    def pauses_at(self) -> datetime | None:
        """When the planned change comes."""
        return self.paid.cancels_at or self.paid.next_seats_at

    @property
    def trial_days_left(self) -> int:
        """Days of the trial that are left, including the current one."""
        left = self.paid.trial_ends_at - self.now if self.paid.trial_ends_at else timedelta()
        return max(0, ceil(left / timedelta(days=1)))

    @property
    def ends_at_once(self) -> bool:
        """Would canceling end it at once, instead of at the end of the period?"""
        return self.standing.status in cancellation.AT_ONCE

    @property
    def goes_on_until(self) -> datetime | None:
        """How long employees would work after canceling, without another payment; None for not at all."""
        if self.ends_at_once or not self.standing.paid_seats:
            return None
        return min(filter(None, (self.standing.grace_ends_at, self.paid.period_end)), default=None)

    @property
    def card(self) -> Card | None:
        """What is charged."""
        return _card(self.paid, self.now)


def of_workspace() -> Statement:
    """The statement of the open scope's workspace."""
    return of(standing.office())


def of(office: Office) -> Statement:
    """The statement of the open scope's workspace with this standing and these seats."""
    current = office.standing
    ends = sorted(set(CompSeats.objects.current(timezone.now()).values_list("expires_at", flat=True)))
    return Statement(
        standing=current,
        places=_places(office, _seats_left(current)),
        given_until=ends[0] if ends else None,
        is_given_in_parts=len(ends) > 1,
        now=current.entitlement.now(),
    )


def _seats_left(current: Standing) -> int:
    """How many seats the workspace has after the planned change."""
    if current.entitlement.cancels_at:
        return current.comp_seats
    planned = current.entitlement.next_seats
    return current.seats if planned is None else current.comp_seats + planned


def _places(office: Office, left: int) -> tuple[SeatHolder, ...]:
    seats = office.standing.seats
    return tuple(
        SeatHolder(holder_id, name, is_seated=number < seats, pauses=left <= number < seats)
        for number, (holder_id, name) in enumerate(zip(office.holders, office.names, strict=True))
    )


def _card(paid: Entitlement, now: datetime) -> Card | None:
    if not paid.card_brand:
        return None
    brand = str(BRANDS.get(paid.card_brand, paid.card_brand.replace("_", " ").capitalize()))
    month, _, year = paid.card_expires.partition("/")
    is_expired = bool(year) and (int(year), int(month)) < (now.year, now.month)
    return Card(brand, paid.card_last4, paid.card_expires, is_expired)
