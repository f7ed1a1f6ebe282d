"""Where a workspace stands: what is paid, who may work, and what its operator can do next.

Computed from our own row and the clock, so it is quick, needs no network, and runs out by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from billing.catalogue import Plan, plan_of
from billing.models import CompSeats, Entitlement

Status = Entitlement.Status
SEATS_WITHOUT_SUBSCRIPTION = 1
LIVE = frozenset({Status.TRIALING, Status.ACTIVE, Status.PAST_DUE, Status.UNPAID, Status.INCOMPLETE, Status.PAUSED})
"""There is a subscription at Stripe: a second one must not be begun."""
PAYING = frozenset({Status.TRIALING, Status.ACTIVE})
OWES = frozenset({Status.PAST_DUE, Status.UNPAID, Status.INCOMPLETE, Status.PAUSED})
"""An invoice may be open that a card has to pay; of a paused one that of going on."""

SUBSCRIBE, CHANGE_SEATS, SWITCH_PLAN = "subscribe", "change_seats", "switch_plan"
UPDATE_CARD, PAY, CANCEL, RESUME = "update_card", "pay", "cancel", "resume"
ACTS = (SUBSCRIBE, CHANGE_SEATS, SWITCH_PLAN, UPDATE_CARD, PAY, CANCEL, RESUME)

OFFERS: Mapping[str, frozenset[str]] = {
    Status.NONE: frozenset({SUBSCRIBE}),
    Status.TRIALING: frozenset({CHANGE_SEATS, SWITCH_PLAN, UPDATE_CARD, CANCEL}),
    Status.ACTIVE: frozenset({CHANGE_SEATS, SWITCH_PLAN, UPDATE_CARD, CANCEL}),
    Status.PAST_DUE: frozenset({UPDATE_CARD, PAY, CANCEL}),
    Status.UNPAID: frozenset({UPDATE_CARD, PAY, CANCEL}),
    Status.INCOMPLETE: frozenset({PAY, CANCEL}),
    Status.INCOMPLETE_EXPIRED: frozenset({SUBSCRIBE}),
    Status.CANCELED: frozenset({SUBSCRIBE}),
    Status.PAUSED: frozenset({UPDATE_CARD, RESUME, CANCEL}),
}
"""What an operator can do in each state."""

REASONS: Mapping[str, str] = {
    Status.UNPAID: "The last invoice was not paid: pay it or update the card under Billing.",
    Status.INCOMPLETE: "The first payment is not finished: finish it under Billing.",
    Status.INCOMPLETE_EXPIRED: "The first payment was not finished within 23 hours: subscribe again under Billing.",
    Status.CANCELED: "The subscription has ended: subscribe again under Billing.",
    Status.PAUSED: "The trial ended without a card: add one under Billing, then resume.",
}
OVERDUE = "A payment has been overdue for too long: update the card under Billing."


@dataclass(frozen=True)
class Standing:
    """What holds now. `seats`: how many AI employees may work; `paid_seats`: those of them that the subscription has.

    reason: why nobody works, and what to do about it; "" where somebody may. grace_ends_at: until when employees go on
    working although a payment failed.
    """

    status: str
    seats: int
    paid_seats: int
    comp_seats: int
    plan: Plan | None
    may: frozenset[str]
    reason: str
    grace_ends_at: datetime | None
    entitlement: Entitlement

    @property
    def is_working(self) -> bool:
        """Does the plan let anybody work?"""
        return not self.reason

    @property
    def is_live(self) -> bool:
        """Is there a subscription at Stripe?"""
        return self.status in LIVE

    @property
    def limit(self) -> str:
        """What keeps the offers smaller than the state would have them, and whose move it is; "" for nothing."""
        if self.entitlement.is_foreign:
            return "Its price was exchanged at Stripe: whoever runs this Roster has to put one of its plans back."
        if self.entitlement.other_items:
            return "Something else is charged by the same subscription, so month and year cannot be switched here."
        return ""

    @property
    def label(self) -> str:
        """The state in the portal's words."""
        return str(Status(self.status).label)


def current() -> Standing:
    """The standing of the open scope's workspace, now."""
    comp = CompSeats.objects.current(timezone.now()).aggregate(seats=Sum("seats"))["seats"] or 0
    entitlement = Entitlement.objects.first() or Entitlement()
    return of(entitlement, comp, entitlement.now())


def of(entitlement: Entitlement, comp_seats: int, now: datetime) -> Standing:
    """The standing that this row gives at a time."""
    grace_ends_at = _grace_end(entitlement)
    reason = _reason(entitlement.status, grace_ends_at, now)
    paid = 0 if reason else entitlement.seats
    free = SEATS_WITHOUT_SUBSCRIPTION if entitlement.status == Status.NONE else 0
    return Standing(
        status=entitlement.status,
        seats=paid + free + comp_seats,
        paid_seats=paid,
        comp_seats=comp_seats,
        plan=plan_of(entitlement.plan) if entitlement.plan else None,
        may=_offers(entitlement),
        reason="" if comp_seats else reason,
        grace_ends_at=grace_ends_at,
        entitlement=entitlement,
    )


def _grace_end(entitlement: Entitlement) -> datetime | None:
    if entitlement.status != Status.PAST_DUE or entitlement.past_due_since is None:
        return None
    return entitlement.past_due_since + timedelta(days=settings.PAST_DUE_GRACE_DAYS)


def _reason(status: str, grace_ends_at: datetime | None, now: datetime) -> str:
    if status == Status.PAST_DUE and grace_ends_at and grace_ends_at <= now:
        return OVERDUE
    return REASONS.get(status, "")


def _offers(entitlement: Entitlement) -> frozenset[str]:
    """What can be done; a subscription that is about to end can be resumed instead of cancelled.

    One that is paused goes on with a card only, and by paying, once an invoice for that is open. A price of somebody
    else's in the place of ours, or beside it, leaves what does not touch it.
    """
    offers = OFFERS[entitlement.status]
    if entitlement.status == Status.PAUSED and entitlement.pay_url:
        offers = (offers - {RESUME}) | {PAY}
    elif entitlement.status == Status.PAUSED and not entitlement.payment_method_id:
        offers = offers - {RESUME}
    if entitlement.is_foreign:
        offers = offers - {CHANGE_SEATS, SWITCH_PLAN}
    elif entitlement.other_items:  # Stripe wants one interval for all of them
        offers = offers - {SWITCH_PLAN}
    if entitlement.cancels_at and CANCEL in offers:
        return (offers - {CANCEL, CHANGE_SEATS, SWITCH_PLAN}) | {RESUME}
    return offers
