"""Hiring, changing and letting go of AI employees: the same verbs for portal, API and wizard."""

from django.db import transaction
from django.utils import timezone

from agents.models import PROFILE_FIELDS, Agent, AgentRevision
from billing import quota


def hire(agent: Agent) -> Agent:
    """Employ the one described by this unsaved Agent: it takes a seat and answers at once.

    Raises billing.quota.NoSeatError when all seats are taken, django.core.exceptions.ValidationError for bad fields.
    """
    agent.full_clean(exclude=["tenant"])
    with transaction.atomic():
        quota.take_seat(agent.id, agent.name)
        agent.save()
        _revise(agent)
    return agent


def change(agent: Agent) -> Agent:
    """Save the changed profile as a new revision; the same profile makes none.

    Raises django.core.exceptions.ValidationError for bad fields.
    """
    agent.full_clean(exclude=["tenant"])
    with transaction.atomic():
        before = Agent.objects.select_for_update().get(id=agent.id)
        if any(getattr(before, name) != getattr(agent, name) for name in PROFILE_FIELDS):
            agent.revision_number = before.revision_number
            _revise(agent)
            quota.rename_seat(agent.id, agent.name)
    return agent


def let_go(agent: Agent) -> None:
    """Free the seat. Conversations and usage stay readable."""
    with transaction.atomic():
        agent.deleted_at = timezone.now()
        agent.save(update_fields=["deleted_at"])
        quota.leave_seat(agent.id)


def _revise(agent: Agent) -> None:
    agent.revision_number += 1
    agent.save()
    profile = {name: getattr(agent, name) for name in PROFILE_FIELDS}
    AgentRevision.objects.create(agent=agent, number=agent.revision_number, **profile)
