"""Hiring, changing, pausing and letting go of AI employees: the same verbs for portal, API and wizard."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from agents import actions, phrases
from agents.models import PROFILE_FIELDS, Agent, AgentRevision
from billing import quota
from tenants.audit import journal
from tenants.models import Tenant
from tenants.scope import current_tenant_id


def unavailable_text() -> str:
    """What a new employee says when it may not answer, in the language of the open scope's workspace."""
    return phrases.said(phrases.UNAVAILABLE, Tenant.objects.get(id=current_tenant_id()).language)


def hire(agent: Agent) -> Agent:
    """Employ the one whom this unsaved Agent describes: it takes a seat.

    Raises billing.quota.PaymentRequiredError if no seat is free, django.core.exceptions.ValidationError for bad fields.
    """
    agent.full_clean(exclude=["tenant"])
    with transaction.atomic():
        quota.take_seat(agent.id, agent.name)
        agent.save()
        _revise(agent)
        journal.record(actions.EMPLOYEE_HIRED, agent, changes=journal.difference({}, _profile(agent)))
    return agent


def change(agent: Agent) -> Agent:
    """Save this employee's changed profile as a new revision. An unchanged profile makes none.

    Returns the saved employee. Raises django.core.exceptions.ValidationError for bad fields,
    billing.quota.NotEntitledError while nobody may work, and Agent.DoesNotExist if it has been let go.
    """
    agent.full_clean(exclude=["tenant"])
    with transaction.atomic():
        quota.require_entitled()
        kept = _locked(agent)
        changes = {name: getattr(agent, name) for name in PROFILE_FIELDS if getattr(kept, name) != getattr(agent, name)}
        before = _profile(kept)
        if changes:
            for name, value in changes.items():
                setattr(kept, name, value)
            _revise(kept)
            quota.rename_seat(kept.id, kept.name)
            journal.record(actions.EMPLOYEE_CHANGED, kept, changes=journal.difference(before, _profile(kept)))
    return kept


def pause(agent: Agent) -> Agent:
    """Stop an employee until it is reactivated; its seat becomes free. One who is paused stays paused.

    Raises Agent.DoesNotExist if it has been let go.
    """
    with transaction.atomic():
        kept = _locked(agent)
        if kept.paused_at is None:
            kept.paused_at = timezone.now()
            kept.save(update_fields=["paused_at"])
            quota.leave_seat(kept.id)
            journal.record(actions.EMPLOYEE_PAUSED, kept)
    return kept


def reactivate(agent: Agent) -> Agent:
    """Give a paused employee a seat, at the end of the order. One who is not paused stays where it is.

    Raises billing.quota.PaymentRequiredError without a free seat, Agent.DoesNotExist if it has been let go.
    """
    with transaction.atomic():
        kept = _locked(agent)
        if kept.paused_at is not None:
            quota.take_seat(kept.id, kept.name)
            kept.paused_at = None
            kept.save(update_fields=["paused_at"])
            journal.record(actions.EMPLOYEE_REACTIVATED, kept)
    return kept


def move(agent: Agent, *, up: bool) -> None:
    """Swap an employee with its neighbor in the order of seats. The first cannot move up, nor the last down."""
    with transaction.atomic():
        order = list(Agent.objects.in_order().filter(paused_at=None).values_list("id", flat=True))
        if agent.id not in order:
            return
        before = order.index(agent.id)
        after = max(0, before - 1) if up else min(len(order) - 1, before + 1)
        if before != after:
            quota.move_seat(agent.id, after)
            journal.record(actions.EMPLOYEE_MOVED, agent, changes={"place": [before + 1, after + 1]})


def let_go(agent: Agent) -> None:
    """Free the seat. Conversations and usage stay readable."""
    with transaction.atomic():
        agent.deleted_at = timezone.now()
        agent.save(update_fields=["deleted_at"])
        quota.leave_seat(agent.id)
        journal.record(actions.EMPLOYEE_LET_GO, agent)


def _locked(agent: Agent) -> Agent:
    return Agent.objects.employed().select_for_update(no_key=True).get(id=agent.id)


def _profile(agent: Agent) -> dict[str, Any]:
    return journal.snapshot(agent, PROFILE_FIELDS)


def _revise(agent: Agent) -> None:
    agent.revision_number += 1
    agent.save()
    profile = {name: getattr(agent, name) for name in PROFILE_FIELDS}
    AgentRevision.objects.create(agent=agent, number=agent.revision_number, **profile)
