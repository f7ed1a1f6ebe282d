"""What every page of a workspace knows about its subscription."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import dates, standing
from billing.models import Entitlement
from billing.standing import Office, Standing
from billing.stripe import client
from billing.web import sentences
from tenants.http.middleware import Workspace
from tenants.models import Tenant
from tenants.permissions import Permission
from tenants.scope import tenant_scope
from tenants.templatetags.portal import usd

Status = Entitlement.Status


@dataclass(frozen=True)
class Glance:
    """Standing, and who works, in the order of seats, including those who are paused without one.

    may_manage: may the reader change the subscription?
    """

    office: Office
    tenant: Tenant
    may_manage: bool

    @property
    def standing(self) -> Standing:
        """What is paid, and what follows from it."""
        return self.office.standing

    @property
    def names(self) -> tuple[str, ...]:
        """Who has a place in the order of seats."""
        return tuple(self.office.names)

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
        """Seats and state in a line: “5 seats · Active”. While nobody works, only the state."""
        seats, label = self.standing.seats, self.standing.label
        if not self.standing.is_working:
            return label
        count = ngettext("%(count)d seat", "%(count)d seats", seats) % {"count": seats}
        return f"{count} · {label}" if self.standing.is_live else count

    @property
    def is_in_grace(self) -> bool:
        """Has a payment failed, while everybody still works?"""
        has_time = self.standing.grace_ends_at is not None and bool(self.standing.paid_seats)
        return self.standing.status == Status.PAST_DUE and has_time

    @property
    def banner_title(self) -> str:
        """The heading of the banner on every page."""
        if self.is_in_grace and self.standing.grace_ends_at:
            return sentences.stops_on(self.tenant, self.standing.grace_ends_at)
        if self.standing.status == Status.INCOMPLETE:
            return _("AI employees are paused: the first payment is not finished")
        if self.standing.status in {Status.CANCELED, Status.INCOMPLETE_EXPIRED}:
            return _("AI employees are paused: there is no subscription")
        if self.standing.status == Status.PAUSED:
            return _("AI employees are paused: the trial ended without a card")
        return _("AI employees are paused: an invoice is not paid")

    @property
    def banner_text(self) -> str:
        """Its sentences."""
        if self.is_in_grace:
            told = "" if self.may_manage else _("Tell an owner or an admin of this workspace.")
            return f"{sentences.unless_paid(self.names)} {told}".strip()
        told = "" if self.may_manage else _("Owners and admins of this workspace can fix it under Billing.")
        return " ".join(filter(None, (sentences.who_writes(self.names), _("Nothing is deleted."), told)))

    @property
    def next_step(self) -> str:
        """What comes next for the subscription, in a sentence; "" for nothing."""
        paid, plan = self.standing.entitlement, self.standing.plan
        if paid.cancels_at:
            return _("It ends on %(day)s.") % {"day": self._day(paid.cancels_at)}
        if paid.next_invoice_at and paid.next_invoice_usd is not None:
            given = {"amount": usd(paid.next_invoice_usd), "day": self._day(paid.trial_ends_at or paid.next_invoice_at)}
            if self.standing.status != Status.TRIALING:
                return _("Next invoice: %(amount)s on %(day)s.") % given
            if plan and plan.is_yearly:
                return _("The trial ends on %(day)s. Then it costs %(amount)s per year.") % given
            return _("The trial ends on %(day)s. Then it costs %(amount)s per month.") % given
        if self.standing.reason:
            return str(self.standing.reason)
        ends = self.standing.grace_ends_at
        return sentences.stops_on(self.tenant, ends) if ends else ""

    def _day(self, at: datetime) -> str:
        return dates.day(self.tenant, at)


def billing(request: HttpRequest) -> dict[str, Any]:
    """`subscription`, loaded only by pages that show it; None outside of a workspace."""
    workspace: Workspace | None = getattr(request, "workspace", None)
    return {"subscription": SimpleLazyObject(lambda: _glance(workspace)) if workspace else None}


def office_of(workspace: Workspace) -> Office:
    """The standing and the seats of a request's workspace."""
    with tenant_scope(workspace.tenant.id):
        return standing.office()


def _glance(workspace: Workspace) -> Glance:
    return Glance(workspace.once(office_of), workspace.tenant, workspace.allows(Permission.MANAGE_BILLING))
