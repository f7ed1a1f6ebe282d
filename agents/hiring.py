"""Hiring, changing and letting go of AI employees: the same verbs for portal, API and wizard."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from agents import actions
from agents.models import PROFILE_FIELDS, Agent, AgentRevision
from billing import quota
from tenants import audit


def hire(agent: Agent) -> Agent:
    """Employ the one described by this unsaved Agent: it takes a seat and answers at once.

    Raises billing.quota.NoSeatError when all seats are taken, django.core.exceptions.ValidationError for bad fields.
    """
    agent.full_clean(exclude=["tenant"])
    with transaction.atomic():
        quota.take_seat(agent.id, agent.name)
        agent.save()
        _revise(agent)
        audit.record(actions.EMPLOYEE_HIRED, agent, changes=audit.difference({}, _profile(agent)))
    return agent


def change(agent: Agent) -> Agent:
    """Save this employee's changed profile as a new revision; the same profile makes none.

    Returns the employee as it is kept. Raises django.core.exceptions.ValidationError for bad fields, and
    Agent.DoesNotExist if it was let go meanwhile.
    """
    agent.full_clean(exclude=["tenant"])
    with transaction.atomic():
        kept = Agent.objects.employed().select_for_update(no_key=True).get(id=agent.id)
        changes = {name: getattr(agent, name) for name in PROFILE_FIELDS if getattr(kept, name) != getattr(agent, name)}
        before = _profile(kept)
        if changes:
            for name, value in changes.items():
                setattr(kept, name, value)
            _revise(kept)
            quota.rename_seat(kept.id, kept.name)
            audit.record(actions.EMPLOYEE_CHANGED, kept, changes=audit.difference(before, _profile(kept)))
    return kept


def let_go(agent: Agent) -> None:
    """Free the seat. Conversations and usage stay readable."""
    with transaction.atomic():
        agent.deleted_at = timezone.now()
        agent.save(update_fields=["deleted_at"])
        quota.leave_seat(agent.id)
        audit.record(actions.EMPLOYEE_LET_GO, agent)


def _profile(agent: Agent) -> dict[str, Any]:
    return audit.snapshot(agent, PROFILE_FIELDS)


def _revise(agent: Agent) -> None:
    agent.revision_number += 1
    agent.save()
    profile = {name: getattr(agent, name) for name in PROFILE_FIELDS}
    AgentRevision.objects.create(agent=agent, number=agent.revision_number, **profile)
