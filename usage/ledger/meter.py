"""Budgets that cannot be overspent: reserve the worst case before a call, settle at what it cost."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from tenants.wordings import ReasonError, Wording
from usage.ledger import statements
from usage.models import Meter

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
    """Hold this amount on every meter, or on none, in one statement.

    meters: found by their keys; one that is not there yet is made as it is given. reference: the LLM call. Raises
    BudgetExceededError, with nothing held; the refusal is noted on the meter.
    """
    keys = [meter.key for meter in meters]
    if statements.reserve(keys, reference, amount_usd):
        return
    kept = [ensure(meter.key, meter.name, meter.cap_usd) for meter in meters]
    if statements.reserve(keys, reference, amount_usd):  # one was not there yet, or got room meanwhile
        return
    full = next((meter for meter in kept if not meter.has_room(amount_usd)), kept[-1])
    _note_refusal(full, amount_usd)
    full.refresh_from_db()
    raise BudgetExceededError(full)


def _note_refusal(meter: Meter, amount_usd: Decimal) -> None:
    """Once an answer was refused, pages call a meter used up, even if it has a little left."""
    since = Coalesce("refused_since", Now())
    Meter.objects.filter(id=meter.id).update(refused_usd=amount_usd, refused_since=since)


def settle(reference: UUID, actual_usd: Decimal) -> bool:
    """Turn the holds of an LLM call into spending, exactly once. False if they were settled before."""
    return statements.settle(reference, actual_usd)
