"""Budgets that cannot be overspent: reserve the worst case before a call, settle at what it cost."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from tenants.wordings import ReasonError, Wording
from usage.models import Hold, Meter

TOO_LITTLE_LEFT = Wording("usage.too_little_left", _("%(meter)s has %(left)s USD left, too little for this answer."))


class BudgetExceededError(ReasonError):
    """A meter has no room for this call."""

    def __init__(self, meter: Meter) -> None:
        super().__init__(TOO_LITTLE_LEFT(meter=meter.name, left=str(meter.left_usd)))
        self.meter = meter


def ensure(key: str, name: str, cap_usd: Decimal | None) -> Meter:
    """The tenant's meter with this key, made with this cap if there is none."""
    found = Meter.objects.filter(key=key).first()
    if found:
        return found
    try:
        with transaction.atomic():
            return Meter.objects.create(key=key, name=name, cap_usd=cap_usd)
    except IntegrityError:  # made meanwhile
        return Meter.objects.get(key=key)


def reserve(meters: Sequence[Meter], reference: UUID, amount_usd: Decimal) -> None:
    """Hold this amount on every meter, or on none: one conditional UPDATE each, in the order given.

    reference: the LLM call. Raises BudgetExceededError, with nothing held; the refusal is noted on the meter.
    """
    try:
        with transaction.atomic():
            for meter in meters:
                _reserve_on(meter, reference, amount_usd)
    except BudgetExceededError as error:
        _note_refusal(error.meter, amount_usd)
        raise


def _note_refusal(meter: Meter, amount_usd: Decimal) -> None:
    """Once an answer was refused, pages call a meter used up, even if it has a little left."""
    since = Coalesce("refused_since", Now())
    Meter.objects.filter(id=meter.id).update(refused_usd=amount_usd, refused_since=since)


def _reserve_on(meter: Meter, reference: UUID, amount_usd: Decimal) -> None:
    has_room = Q(cap_usd=None) | Q(cap_usd__gte=F("spent_usd") + F("reserved_usd") + amount_usd)
    reserved = Meter.objects.filter(has_room, id=meter.id).update(
        reserved_usd=F("reserved_usd") + amount_usd, refused_usd=None, refused_since=None
    )
    if not reserved:
        meter.refresh_from_db()
        raise BudgetExceededError(meter)
    Hold.objects.create(meter=meter, reference=reference, amount_usd=amount_usd)


def settle(reference: UUID, actual_usd: Decimal) -> bool:
    """Turn the holds of an LLM call into spending, exactly once. False if they were settled before."""
    settled = False
    for hold in (
        Hold.objects.select_for_update(no_key=True).filter(reference=reference, state=Hold.State.OPEN).order_by("id")
    ):
        hold.state = Hold.State.SETTLED
        hold.save(update_fields=["state"])
        Meter.objects.filter(id=hold.meter_id).update(
            reserved_usd=F("reserved_usd") - hold.amount_usd, spent_usd=F("spent_usd") + actual_usd
        )
        settled = True
    return settled
