"""The revision by which an employee answers now. A revision never changes, so each process reads it once."""

from functools import lru_cache
from uuid import UUID

from agents.models import Agent, AgentRevision
from tenants.scope import current_tenant_id

REMEMBERED = 256
"""With instructions of 20,000 characters each, about 10 MB at the most."""


def current(agent: Agent) -> AgentRevision:
    """The revision of this employee of the open scope's workspace. Only read it: others have the same object.

    Take the workspace's language and the like from elsewhere: they change.
    """
    return _revision(current_tenant_id(), agent.id, agent.revision_number)


@lru_cache(maxsize=REMEMBERED)
def _revision(tenant_id: UUID, agent_id: UUID, number: int) -> AgentRevision:
    """tenant_id: of the open scope, so that no other finds what was remembered in this one."""
    return AgentRevision.objects.get(agent=agent_id, number=number)
