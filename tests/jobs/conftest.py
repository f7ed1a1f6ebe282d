"""Jobs of every kind, in two workspaces, each held by this process."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from agents.models import Agent, Conversation, Turn
from channels.models import MediaFile, Thread
from tenants.jobs import keeper
from tenants.jobs.keeper import Keeper
from tenants.models import Export, IdempotentRequest, Incident, Job, Mail, Tenant
from tenants.scope import tenant_scope
from tenants.wordings import TOLD
from tests import factories
from tests.conftest import Cast


@dataclass(frozen=True)
class Leased:
    """A job and the workspace it belongs to; an incident belongs to none."""

    tenant: Tenant
    job: Job

    @property
    def model(self) -> type[Job]:
        return type(self.job)

    @property
    def id(self) -> UUID:
        return UUID(str(self.job.pk))

    @property
    def key(self) -> tuple[UUID, int]:
        return self.id, self.job.attempt

    def update(self, **values: object) -> None:
        with tenant_scope(self.tenant.id):
            self.model._default_manager.filter(pk=self.id).update(**values)

    def leased_until(self) -> datetime | None:
        with tenant_scope(self.tenant.id):
            found: Job = self.model._default_manager.get(pk=self.id)
            return found.leased_until


def soon() -> datetime:
    """When a lease ends that was not renewed for a while."""
    return timezone.now() + timedelta(seconds=3)


def _thread(number: int) -> Job:
    connection, agent = factories.make_connection(), Agent.objects.first() or factories.make_agent()
    conversation = Conversation.objects.create(agent=agent, channel="slack")
    return Thread(connection=connection, external_id=f"C{number}:1.0", conversation=conversation)


def _file(number: int) -> Job:
    connection, agent = factories.make_connection(), Agent.objects.first() or factories.make_agent()
    conversation = Conversation.objects.create(agent=agent, channel="slack")
    turn = Turn.objects.create(conversation=conversation, speaker="person", text="Look!", said_at=timezone.now())
    return MediaFile(turn=turn, connection=connection, number=0, key=f"F{number}", name="menu.pdf", kind="document")


MAKERS: dict[type[Job], Callable[[int], Job]] = {
    Thread: _thread,
    Export: lambda number: Export(state=Export.State.RUNNING),
    IdempotentRequest: lambda number: IdempotentRequest(caller="x", key=f"k{number}", fingerprint="f"),
    MediaFile: _file,
    Mail: lambda number: Mail(kind=Mail.Kind.EXPORT_READY, key=f"m{number}", recipient="a@example.com", text="Ready."),
    Incident: lambda number: Incident(cause=f"cause-{number}", hour=timezone.now(), detail=TOLD(text="Down.")),
}
"""How a job of each kind is made."""

Lease = Callable[..., Leased]


@pytest.fixture
def lease(committed_cast: Cast) -> Lease:
    """Makes a job of a kind in a workspace and claims it."""

    def make(model: type[Job] = Thread, tenant: Tenant | None = None, number: int = 1) -> Leased:
        owner = tenant or committed_cast.acme
        with tenant_scope(owner.id):
            job = MAKERS[model](number)
            job.save()
            job.lease(timezone.now())
        return Leased(owner, job)

    return make


@pytest.fixture
def leases(lease: Lease, committed_cast: Cast) -> list[Leased]:
    """One job of each kind in each of two workspaces."""
    tenants = (committed_cast.acme, committed_cast.globex)
    return [lease(model, tenant, number) for model in MAKERS for number, tenant in enumerate(tenants)]


@pytest.fixture
def own_keeper(monkeypatch: pytest.MonkeyPatch) -> Keeper:
    """A keeper of this test's own, whose threads nothing else uses."""
    made = Keeper()
    monkeypatch.setattr(keeper, "_keeper", made)
    return made
