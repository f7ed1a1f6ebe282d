"""Where a workspace stands: what is paid, who may work, and what its operator can do next.

Computed from our own row and the clock, so it is quick, needs no network, and expires by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.catalogue import Plan, plan_of
from billing.models import Entitlement
from tenants.scope import current_tenant_id
from tenants.wordings import NOTHING, Reason, Wording

Status = Entitlement.Status
SEATS_WITHOUT_SUBSCRIPTION = 1
LIVE = frozenset({Status.TRIALING, Status.ACTIVE, Status.PAST_DUE, Status.UNPAID, Status.INCOMPLETE, Status.PAUSED})
"""There is a subscription at Stripe: do not start a second one."""
PAYING = frozenset({Status.TRIALING, Status.ACTIVE})
OWES = frozenset({Status.PAST_DUE, Status.UNPAID, Status.INCOMPLETE, Status.PAUSED})
"""An invoice may be open that a card has to pay; for a paused one, the invoice for resuming."""

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

REASONS: Mapping[str, Wording] = {
    Status.UNPAID: Wording(
        "billing.unpaid", _("The last invoice was not paid: pay it or update the card under Billing.")
    ),
    Status.INCOMPLETE: Wording("billing.incomplete", _("The first payment is not finished: finish it under Billing.")),
    Status.INCOMPLETE_EXPIRED: Wording(
        "billing.incomplete_expired",
        _("The first payment was not finished within 23 hours: subscribe again under Billing."),
    ),
    Status.CANCELED: Wording("billing.canceled", _("The subscription has ended: subscribe again under Billing.")),
    Status.PAUSED: Wording("billing.paused", _("The trial ended without a card: add one under Billing, then resume.")),
}
OVERDUE = Wording("billing.overdue", _("A payment has been overdue for too long: update the card under Billing."))
FOREIGN_PRICE = Wording(
    "billing.foreign_price",
    _("Its price was replaced at Stripe: whoever runs this installation needs to put one of its plans back."),
)
OTHER_ITEMS = Wording(
    "billing.other_items",
    _("The subscription also charges for something else, and Stripe bills both at the same interval."),
)


@dataclass(frozen=True)
class Standing:
    """The current state. `seats`: how many AI employees may work; `paid_seats`: how many of those are paid for.

    reason: why nobody works, and what to do about it; empty where somebody may. grace_ends_at: until when employees
    keep working although a payment failed.
    """

    status: str
    seats: int
    paid_seats: int
    comp_seats: int
    plan: Plan | None
    may: frozenset[str]
    reason: Reason
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
    def limit(self) -> Reason:
        """Why there are fewer offers than the state allows, and whose move it is; empty for no limit."""
        if self.entitlement.is_foreign:
            return FOREIGN_PRICE()
        return OTHER_ITEMS() if self.entitlement.other_items else NOTHING

    @property
    def label(self) -> str:
        """The state in the portal's words."""
        return str(Status(self.status).label)


@dataclass(frozen=True)
class Office:
    """Who may work in a workspace: its standing, and who holds its seats, in their order.

    names: the holders', beside their ids. is_closing: the workspace is going to be deleted.
    """

    standing: Standing
    holders: Sequence[UUID]
    names: Sequence[str]
    is_closing: bool


# One row, whatever the workspace has: whoever asks before each LLM call, or for each page, asks once.
OFFICE = """
SELECT entitlement.*, tenant.deletes_at IS NOT NULL AS is_closing,
       (SELECT coalesce(sum(seats), 0) FROM billing_compseats WHERE expires_at > %(now)s) AS comp_seats,
       ARRAY(SELECT holder_id FROM billing_seat ORDER BY position) AS holders,
       ARRAY(SELECT holder_name FROM billing_seat ORDER BY position) AS names
  FROM tenants_tenant AS tenant LEFT JOIN billing_entitlement AS entitlement ON entitlement.tenant_id = tenant.id
 WHERE tenant.id = %(tenant)s
"""


def office() -> Office:
    """The open scope's workspace, read in one statement."""
    (row,) = Entitlement.objects.raw(OFFICE, {"now": timezone.now(), "tenant": current_tenant_id()})
    found: Any = row  # beside the entitlement's columns it has those of the workspace
    entitlement = row if row.pk else Entitlement()
    return Office(of(entitlement, found.comp_seats, entitlement.now()), found.holders, found.names, found.is_closing)


def current() -> Standing:
    """The current standing of the open scope's workspace."""
    return office().standing


def of(entitlement: Entitlement, comp_seats: int, now: datetime) -> Standing:
    """The standing by this row, at this time."""
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
        reason=NOTHING if comp_seats else reason,
        grace_ends_at=grace_ends_at,
        entitlement=entitlement,
    )


def _grace_end(entitlement: Entitlement) -> datetime | None:
    if entitlement.status != Status.PAST_DUE or entitlement.past_due_since is None:
        return None
    return entitlement.past_due_since + timedelta(days=settings.PAST_DUE_GRACE_DAYS)


def _reason(status: str, grace_ends_at: datetime | None, now: datetime) -> Reason:
    if status == Status.PAST_DUE and grace_ends_at and grace_ends_at <= now:
        return OVERDUE()
    return REASONS[status]() if status in REASONS else NOTHING


def _offers(entitlement: Entitlement) -> frozenset[str]:
    """What can be done. A subscription that is set to end can be resumed instead of canceled.

    A paused one needs a card to resume; once an invoice for that is open, it resumes when that is paid. If somebody
    replaced our price at Stripe, or added another, what does not touch the price can still be done.
    """
    offers = OFFERS[entitlement.status]
    if entitlement.status == Status.PAUSED and entitlement.pay_url:
        offers = (offers - {RESUME}) | {PAY}
    elif entitlement.status == Status.PAUSED and not entitlement.payment_method_id:
        offers = offers - {RESUME}
    if entitlement.is_foreign:
        offers = offers - {CHANGE_SEATS, SWITCH_PLAN}
    elif entitlement.other_items:  # Stripe requires one interval for all items
        offers = offers - {SWITCH_PLAN}
    if entitlement.cancels_at and CANCEL in offers:
        return (offers - {CANCEL, CHANGE_SEATS, SWITCH_PLAN}) | {RESUME}
    return offers
