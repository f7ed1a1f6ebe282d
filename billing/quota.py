"""The rules at run time: may this employee work, and may it spend this much? The only way to the meters."""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, ngettext_lazy

from billing import standing
from billing.models import Seat
from billing.stripe import client
from tenants.models import Tenant
from tenants.scope import current_tenant_id
from tenants.wordings import ReasonError, Wording
from usage.ledger import meter
from usage.models import Meter

TRIAL = "trial"
TRIAL_NAME = gettext_noop("Trial credit")

NO_SEAT = Wording(
    "billing.no_seat",
    ngettext_lazy(
        "There is no seat for %(name)s: this workspace has %(seats)d seat, and it is taken. Add seats under Billing, "
        "or pause or let another AI employee go.",
        "There is no seat for %(name)s: this workspace has %(seats)d seats, all taken. Add seats under Billing, or "
        "pause or let another AI employee go.",
        "seats",
    ),
)
NO_SEAT_FOR_SALE = Wording(
    "billing.no_seat_for_sale",
    ngettext_lazy(
        "There is no seat for %(name)s: this workspace has %(seats)d seat, and it is taken. Pause or let another AI "
        "employee go.",
        "There is no seat for %(name)s: this workspace has %(seats)d seats, all taken. Pause or let another AI "
        "employee go.",
        "seats",
    ),
)
IS_PAUSED = Wording(
    "billing.is_paused", _("%(name)s is paused: reactivate it under AI employees, if there is a free seat.")
)
CLOSING = Wording(
    "billing.closing",
    _(
        "This workspace is going to be deleted, so its AI employees do not answer. An owner can keep it: under "
        "Settings, Data."
    ),
)


class RefusedError(ReasonError):
    """An AI employee may not answer now. The text says why, and what to do."""


class PaymentRequiredError(RefusedError):
    """Something has to be paid for first: HTTP 402. The text says what, and where."""


class NoSeatError(PaymentRequiredError):
    """There is no paid seat for this employee: it is paused, or cannot be hired."""

    def __init__(self, holder: str, seats: int) -> None:
        words = NO_SEAT if client.is_configured() else NO_SEAT_FOR_SALE
        super().__init__(words(name=holder, seats=seats))


class NotEntitledError(PaymentRequiredError):
    """Nobody works in this workspace until something is paid."""


class PausedError(RefusedError):
    """An operator has paused this employee."""

    def __init__(self, holder: str) -> None:
        super().__init__(IS_PAUSED(name=holder))


class ClosingError(RefusedError):
    """The workspace is about to be deleted, so nobody works there any more."""

    def __init__(self) -> None:
        super().__init__(CLOSING())


def seats() -> int:
    """How many AI employees may work in this workspace."""
    return standing.current().seats


def require_entitled() -> None:
    """Raises NotEntitledError while nobody may work: changes to who works, or how, wait for the payment."""
    reason = standing.current().reason
    if reason:
        raise NotEntitledError(reason)


def take_seat(holder_id: UUID, name: str) -> Seat:
    """Put an employee at the end of the order of seats, whether hired or reactivated.

    Raises NotEntitledError, or NoSeatError when all seats are taken.
    """
    _lock()
    current = standing.current()
    if current.reason:
        raise NotEntitledError(current.reason)
    if Seat.objects.count() >= current.seats:
        raise NoSeatError(name, current.seats)
    last = Seat.objects.aggregate(last=Max("position"))["last"]
    return Seat.objects.create(holder_id=holder_id, holder_name=name, position=0 if last is None else last + 1)


def rename_seat(holder_id: UUID, name: str) -> None:
    Seat.objects.filter(holder_id=holder_id).update(holder_name=name)


def leave_seat(holder_id: UUID) -> None:
    _lock()
    Seat.objects.filter(holder_id=holder_id).delete()


def move_seat(holder_id: UUID, place: int) -> None:
    """Put an employee at this place in the order, 0 for the first; the others close up. Does nothing without a seat."""
    _lock()
    order = list(Seat.objects.in_order())
    moved = next((seat for seat in order if seat.holder_id == holder_id), None)
    if moved is None:
        return
    order.remove(moved)
    order.insert(max(0, place), moved)
    for position, seat in enumerate(order):
        if seat.position != position:
            seat.position = position
            seat.save(update_fields=["position"])


def is_seated(holder_id: UUID) -> bool:
    """Is this employee among the first `seats()` in the order of seats?"""
    office = standing.office()
    return holder_id in office.holders[: office.standing.seats]


def who_pauses(seats_then: int) -> tuple[str, ...]:
    """The names of those who work now and would not with this many paid seats."""
    current = standing.current()
    return _names(current.comp_seats + seats_then, current.seats)


def who_returns(seats_then: int) -> tuple[str, ...]:
    """The names of those who have no seat now and would have one with this many paid seats."""
    current = standing.current()
    return _names(current.seats, current.comp_seats + seats_then)


def trial_meter() -> Meter:
    """The workspace's trial credit."""
    return meter.ensure(TRIAL, TRIAL_NAME, settings.TRIAL_CREDIT_USD)


def credit() -> Meter | None:
    """The trial credit, if anything was ever reserved on it."""
    return Meter.objects.filter(key=TRIAL).first()


def require_work(holder_id: UUID, name: str) -> None:
    """Raises RefusedError if this employee is paused or has no seat, or nobody may work here."""
    office = standing.office()
    current, order = office.standing, office.holders
    if office.is_closing:
        raise ClosingError
    if current.reason:
        raise NotEntitledError(current.reason)
    if holder_id not in order:
        raise PausedError(name)
    if holder_id not in order[: current.seats]:
        raise NoSeatError(name, current.seats)


def reserve(holder_id: UUID, name: str, call_id: UUID, worst_case_usd: Decimal) -> None:
    """Let an employee make one LLM call that costs at most `worst_case_usd`, and hold that much.

    Raises RefusedError if it is paused, has no seat or nobody may work; usage.ledger.meter.BudgetExceededError naming
    the meter that has no room.
    """
    require_work(holder_id, name)
    trial = Meter(key=TRIAL, name=TRIAL_NAME, cap_usd=settings.TRIAL_CREDIT_USD)
    meter.reserve([trial], call_id, worst_case_usd)


def settle(call_id: UUID, actual_usd: Decimal) -> bool:
    """Turn what was held for a call into what it cost, exactly once. False if it was settled before."""
    return meter.settle(call_id, actual_usd)


def _names(first: int, end: int) -> tuple[str, ...]:
    """Who has the seats from `first` up to `end`."""
    names: Iterable[str] = Seat.objects.in_order().values_list("holder_name", flat=True)[first : max(first, end)]
    return tuple(names)


def _lock() -> None:
    """Seats are counted and taken under a lock on the workspace's row."""
    Tenant.objects.select_for_update(no_key=True).get(id=current_tenant_id())
