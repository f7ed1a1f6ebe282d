"""Seats that staff give for free: for a while, with a reason, recorded in the workspace's own trail."""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import actions
from billing.models import CompSeats
from tenants.audit import actor, journal
from tenants.wordings import TOLD


def give(seats: int, reason: str, expires_at: datetime) -> CompSeats:
    """Give seats to the open scope's workspace until then. Raises ValidationError naming what is wrong."""
    if expires_at <= timezone.now():
        raise ValidationError({"expires_at": _("That time is in the past: choose a later one.")})
    given = CompSeats(seats=seats, reason=reason, expires_at=expires_at, granted_by_name=actor.current().name)
    given.full_clean(exclude=["tenant"])
    given.save()
    changes: journal.Changes = {"seats": [0, seats], "expires_at": [None, str(expires_at)]}
    journal.record(actions.COMP_SEATS_GIVEN, given, changes=changes, detail=TOLD(text=reason))
    return given


def end(given_id: UUID) -> bool:
    """End seats of the open scope's workspace now; False if they had expired."""
    now = timezone.now()
    given = CompSeats.objects.current(now).filter(id=given_id).first()
    if given is None:
        return False
    before, given.expires_at = given.expires_at, now
    given.save(update_fields=["expires_at"])
    journal.record(actions.COMP_SEATS_ENDED, given, changes={"expires_at": [str(before), str(now)]})
    return True
