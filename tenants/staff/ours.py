"""The panels of this app: members and invitations, support access, the latest of the audit trail."""

from collections.abc import Collection, Iterable, Mapping
from typing import ClassVar
from uuid import UUID

from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from tenants.models import AuditEvent, Invitation, Membership, SupportGrant, Tenant
from tenants.staff.database import STAFF
from tenants.staff.panels import Panel, Table, every

LATEST = 20
"""Rows of a table without an end."""
MEMBERS = _("Members")
SUPPORT_UNTIL = _("Support access until")


class PeoplePanel(Panel):
    """Who belongs to a workspace, and who is invited."""

    titles: ClassVar[tuple[StrOrPromise, ...]] = (MEMBERS,)

    def summaries(self, tenants: Collection[UUID]) -> Mapping[str, Mapping[UUID, object]]:
        counted = Membership.objects.using(STAFF).filter(tenant_id__in=tenants).values_list("tenant_id")
        return {str(MEMBERS): dict(counted.annotate(Count("id")))}

    def tables(self, tenant: Tenant) -> Iterable[Table]:
        members = Membership.objects.using(STAFF).filter(tenant_id=tenant.id).order_by("created_at")
        invited = Invitation.objects.using(STAFF).filter(tenant_id=tenant.id).order_by("created_at")
        head = (gettext("E-mail address"), gettext("Role"))
        yield Table(
            gettext("Members"),
            (*head, gettext("Since")),
            members.values_list("user__email", "role", "created_at"),
            every=every(Membership, tenant__id__exact=tenant.id),
        )
        yield Table(
            gettext("Invitations"),
            (*head, gettext("Sent"), gettext("Until")),
            invited.values_list("email", "role", "created_at", "expires_at"),
            gettext("Nobody is invited."),
            every(Invitation, tenant__id__exact=tenant.id),
        )


class SupportPanel(Panel):
    """Until when staff may see the portal."""

    titles: ClassVar[tuple[StrOrPromise, ...]] = (SUPPORT_UNTIL,)

    def summaries(self, tenants: Collection[UUID]) -> Mapping[str, Mapping[UUID, object]]:
        active = SupportGrant.objects.using(STAFF).active(timezone.now()).filter(tenant_id__in=tenants)
        latest = active.order_by().values_list("tenant_id").annotate(Max("expires_at"))
        return {str(SUPPORT_UNTIL): dict(latest)}

    def tables(self, tenant: Tenant) -> Iterable[Table]:
        given = SupportGrant.objects.using(STAFF).filter(tenant_id=tenant.id).order_by("-created_at")
        columns = ("granted_by_name", "reason", "created_at", "expires_at", "ended_at")
        head = (gettext("By"), gettext("Reason"), gettext("Given"), gettext("Until"), gettext("Ended"))
        yield Table(
            gettext("Support access"), head, list(given.values_list(*columns)[:LATEST]), gettext("Never given.")
        )


class TrailPanel(Panel):
    """What happened last."""

    def tables(self, tenant: Tenant) -> Iterable[Table]:
        events = AuditEvent.objects.using(STAFF).filter(tenant_id=tenant.id).order_by("-at")
        columns = ("at", "action", "actor_name", "target_name", "detail")
        head = (gettext("At"), gettext("What"), gettext("Who"), gettext("To what"), gettext("Detail"))
        yield Table(gettext("Latest in the audit trail"), head, list(events.values_list(*columns)[:LATEST]))
