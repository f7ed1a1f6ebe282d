"""What every page of a workspace knows of its subscription."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from billing import standing
from billing.models import Seat
from billing.standing import Standing
from billing.stripe import client
from tenants.http.middleware import Workspace
from tenants.scope import tenant_scope


@dataclass(frozen=True)
class Glance:
    """Standing, and who works by it. names: in the order of seats, also of those who are paused for want of a seat."""

    standing: Standing
    names: tuple[str, ...]

    @cached_property
    def is_sold(self) -> bool:
        """Does this installation sell subscriptions?"""
        return client.is_configured()

    @property
    def needs_attention(self) -> bool:
        """Is there something to be paid, or nobody at work?"""
        return self.standing.status in standing.OWES or not self.standing.is_working

    @property
    def used(self) -> int:
        """How many AI employees work."""
        return min(len(self.names), self.standing.seats)

    @property
    def words(self) -> str:
        """Seats and state in a line: 5 seats, active. While nobody works the state alone."""
        seats, label = self.standing.seats, self.standing.label
        if not self.standing.is_working:
            return label
        count = f"{seats} seat{'' if seats == 1 else 's'}"
        return f"{count}, {label.lower()}" if self.standing.is_live else count


def billing(request: HttpRequest) -> dict[str, Any]:
    """`subscription`, asked for only by pages that show it; None outside of a workspace."""
    workspace: Workspace | None = getattr(request, "workspace", None)
    return {"subscription": SimpleLazyObject(lambda: _glance(workspace)) if workspace else None}


def _glance(workspace: Workspace) -> Glance:
    with tenant_scope(workspace.tenant.id):
        names = tuple(Seat.objects.in_order().values_list("holder_name", flat=True))
        return Glance(standing.current(), names)
