"""Since when people get no answer from an AI employee: what a landing notes, for the pages that say so."""

from datetime import datetime
from uuid import UUID

from django.db.models import Value
from django.db.models.functions import Coalesce

from agents.models import Agent


def note_unanswered(agent_id: UUID, cause: str, at: datetime) -> None:
    """A message got no answer, for good. cause: as agents.reasons names it."""
    since = Coalesce("unanswered_since", Value(at))
    Agent.objects.filter(id=agent_id).update(unanswered_since=since, unanswered_cause=cause)


def note_answered(agent_id: UUID) -> None:
    """A message got its answer."""
    silent = Agent.objects.filter(id=agent_id, unanswered_since__isnull=False)
    silent.update(unanswered_since=None, unanswered_cause="")
