"""Doing what failed once more: answers that could not be sent, and messages that got no answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Run
from channels import actions
from channels.models import Connection, Delivery, InboxEvent
from tenants.audit import journal
from tenants.wordings import NOTHING, Reason, Wording

REPLAYED = Wording("channels.replayed", _("%(events)d to answer and %(deliveries)d to send again."))


@dataclass(frozen=True)
class Replayed:
    """How many deliveries go out again, and how many messages are answered again."""

    deliveries: int
    events: int

    @property
    def reason(self) -> Reason:
        """The same in a sentence."""
        return REPLAYED(events=self.events, deliveries=self.deliveries)

    def __str__(self) -> str:
        return str(self.reason)


def replay(since: datetime) -> Replayed:
    """Queue failed messages of the open scope again that came in after `since`; the next sweep picks them up.

    Only if the connection is active. An answer that failed on its way is sent as it is, without asking the LLM again. A
    message whose answer may have arrived is left alone, since nobody can tell.
    """
    return _replay(_failed().filter(received_at__gte=since))


def replay_events(events: Collection[UUID]) -> Replayed:
    """The same for these events of the open scope, whenever they came in."""
    return _replay(_failed().filter(id__in=events))


def _failed() -> QuerySet[InboxEvent]:
    """Messages whose connection works. What is no message has no place, and nor has what was erased."""
    active = Connection.State.ACTIVE
    return InboxEvent.objects.filter(state=InboxEvent.State.FAILED, place_id__isnull=False, connection__state=active)


def _replay(failed: QuerySet[InboxEvent]) -> Replayed:
    answered = Run.objects.filter(state__in=[Run.State.ANSWERED, Run.State.REFUSED], events__in=failed)
    unseen = [Delivery.State.SENT, Delivery.State.SENDING, Delivery.State.UNKNOWN]
    with transaction.atomic():
        to_send = list(answered.exclude(turn__deliveries__state__in=unseen).values_list("id", flat=True).distinct())
        to_answer = list(failed.exclude(run__in=answered).values_list("id", flat=True))
        replayed = Replayed(deliveries=_send_again(to_send), events=_answer_again(to_answer))
        if replayed.deliveries or replayed.events:
            journal.record(actions.MESSAGES_REPLAYED, detail=replayed.reason)
    return replayed


def _send_again(runs: Sequence[UUID]) -> int:
    now = timezone.now()
    events = InboxEvent.objects.filter(run__in=runs, state=InboxEvent.State.FAILED)
    events.update(state=InboxEvent.State.ANSWERED, reason=NOTHING, cause="", finished_at=None)
    unsent = Delivery.objects.filter(turn__run__in=runs, state=Delivery.State.FAILED)
    return unsent.update(state=Delivery.State.PENDING, next_attempt_at=now, created_at=now, error=NOTHING, cause="")


def _answer_again(events: Sequence[UUID]) -> int:
    """Those that were heard wait for an answer, and the others are heard first."""
    failed = InboxEvent.objects.filter(id__in=events)
    failed.update(run=None, reason=NOTHING, cause="", finished_at=None)
    unheard = failed.filter(thread=None).update(state=InboxEvent.State.RECEIVED, attempt=0)
    return unheard + failed.exclude(thread=None).update(state=InboxEvent.State.PENDING)
