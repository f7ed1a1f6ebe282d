"""Support access: an owner lets Roster's staff view the workspace for some hours. Each view is audited."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.audit import actions, journal
from tenants.models import SupportGrant, User
from tenants.scope import tenant_scope
from tenants.wordings import TOLD, Wording

HOURS = (1, 4, 24, 72)
"""For how long an owner may let staff in."""
UNTIL = Wording("tenants.support_until", _("Until %(until)s UTC."))
UNTIL_WITH_REASON = Wording("tenants.support_until_with_reason", _("Until %(until)s UTC. Reason: %(reason)s"))


def grant(owner: User, hours: int, reason: str = "") -> SupportGrant:
    """Let staff view the open scope's workspace for so many hours. Raises ValueError for hours not in HOURS."""
    if hours not in HOURS:
        raise ValueError(f"Support access lasts {HOURS} hours, not {hours}: choose one of them.")
    granted = SupportGrant.objects.create(
        granted_by_id=owner.id,
        granted_by_name=owner.email,
        reason=reason,
        expires_at=timezone.now() + timedelta(hours=hours),
    )
    until = f"{granted.expires_at:%Y-%m-%d %H:%M}"
    detail = UNTIL_WITH_REASON(until=until, reason=reason) if reason else UNTIL(until=until)
    journal.record(actions.SUPPORT_GRANTED, granted, detail=detail)
    return granted


def end() -> bool:
    """End all access to the open scope's workspace, from the next request on. False if there was none."""
    now = timezone.now()
    ended = list(SupportGrant.objects.active(now))
    if not SupportGrant.objects.active(now).order_by().update(ended_at=now):
        return False
    for each in ended:
        journal.record(actions.SUPPORT_ENDED, each)
    return True


def current() -> SupportGrant | None:
    """The grant that lets staff view the open scope's workspace now."""
    return SupportGrant.objects.active(timezone.now()).first()


def current_of(tenant_id: UUID) -> SupportGrant | None:
    """The same, in a scope of its own."""
    with tenant_scope(tenant_id):
        return current()


def note_look(tenant_id: UUID, access: SupportGrant, method: str, path: str) -> None:
    """Note in the workspace's trail what staff open, before they see it. Committed even if the page fails."""
    with tenant_scope(tenant_id):
        journal.record(actions.SUPPORT_VIEWED, access, detail=TOLD(text=f"{method} {path}"))
