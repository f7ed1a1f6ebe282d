"""The law at run time: may this employee work, and may it spend this much? The one door to the meters."""

from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import Max

from billing.models import Seat
from tenants.models import Tenant
from tenants.scope import current_tenant_id
from usage import meter
from usage.models import Meter

SEATS_WITHOUT_SUBSCRIPTION = 1
TRIAL = "trial"


class NoSeatError(Exception):
    """There is no paid seat for this employee: it is paused, or cannot be hired."""

    def __init__(self, holder: str, seats: int) -> None:
        super().__init__(
            f"There is no seat for {holder}: this workspace has {seats} seat{'' if seats == 1 else 's'}, all taken. "
            "Let another AI employee go first."
        )


class ClosingError(Exception):
    """The workspace is about to be deleted, so nobody works there any more."""

    def __init__(self) -> None:
        super().__init__(
            "This workspace is going to be deleted, so its AI employees do not answer. "
            "An owner can keep it: under Settings, Data."
        )


def seats() -> int:
    """How many AI employees may work in this workspace."""
    return SEATS_WITHOUT_SUBSCRIPTION


def take_seat(holder_id: UUID, name: str) -> Seat:
    """Put an employee at the end of the order of seats. Raises NoSeatError when all seats are taken."""
    _lock()
    taken = Seat.objects.count()
    if taken >= seats():
        raise NoSeatError(name, seats())
    last = Seat.objects.aggregate(last=Max("position"))["last"]
    return Seat.objects.create(holder_id=holder_id, holder_name=name, position=0 if last is None else last + 1)


def rename_seat(holder_id: UUID, name: str) -> None:
    Seat.objects.filter(holder_id=holder_id).update(holder_name=name)


def leave_seat(holder_id: UUID) -> None:
    Seat.objects.filter(holder_id=holder_id).delete()


def is_seated(holder_id: UUID) -> bool:
    """Is this employee among the first `seats()` in the order of seats?"""
    first = Seat.objects.order_by("position").values_list("holder_id", flat=True)[: seats()]
    return holder_id in set(first)


def trial_meter() -> Meter:
    """The workspace's trial credit."""
    return meter.ensure(TRIAL, "Trial credit", settings.TRIAL_CREDIT_USD)


def reserve(holder_id: UUID, name: str, call_id: UUID, worst_case_usd: Decimal) -> None:
    """Let an employee make one LLM call that costs at most `worst_case_usd`, and hold that much.

    Raises ClosingError, NoSeatError, or usage.meter.BudgetExceededError naming the meter that has no room.
    """
    if Tenant.objects.filter(id=current_tenant_id(), deletes_at__isnull=False).exists():
        raise ClosingError
    if not is_seated(holder_id):
        raise NoSeatError(name, seats())
    meter.reserve([trial_meter()], call_id, worst_case_usd)


def settle(call_id: UUID, actual_usd: Decimal) -> bool:
    """Turn what was held for a call into what it cost, exactly once. False if that was done before."""
    return meter.settle(call_id, actual_usd)


def _lock() -> None:
    """Seats are counted and taken under a lock on the workspace's row."""
    Tenant.objects.select_for_update(no_key=True).get(id=current_tenant_id())
