"""Reading a workspace's audit trail: what to look for, and what the portal and the API call it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, Func, Q, QuerySet, TextField
from django.db.models.fields.json import KT
from django.db.models.lookups import IContains, In
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.audit.journal import ACTIONS
from tenants.models import ActorKind, AuditEvent
from tenants.wordings import codes_saying

KINDS = {
    "agent": _("AI employee"),
    "apitoken": _("API token"),
    "connection": _("Channel"),
    "contact": _("Person"),
    "conversation": _("Conversation"),
    "export": pgettext_lazy("a file with everything", "Export"),
    "invitation": _("Invitation"),
    "mediafile": _("File"),
    "membership": _("Member"),
    "supportgrant": _("Support access"),
    "tenant": _("Workspace"),
    "user": _("Account"),
}
"""What people call the things that entries are about."""
BATCH = 500
PARAMETERS = Func(
    F("detail"), template="jsonb_path_query_array(%(expressions)s, '$.details.*')::text", output_field=TextField()
)
"""What stands in place of a detail's placeholders."""


@dataclass(frozen=True)
class Wanted:
    """Which entries to show; what is empty matches all. Days are those of the workspace's time zone, both included.

    who: an ActorKind, or the id of a person or token. text: in the names of actor and target, or in the detail.
    """

    who: str = ""
    action: str = ""
    target: str = ""
    first: date | None = None
    last: date | None = None
    text: str = ""

    def __str__(self) -> str:
        """In a line, such as "text=Globex, from=2026-01-02"; empty for all entries."""
        given = {"who": self.who, "action": self.action, "kind": self.target, "text": self.text}
        days = {"from": self.first, "to": self.last}
        return ", ".join(f"{name}={value}" for name, value in {**given, **days}.items() if value)


def entries(wanted: Wanted, time_zone: str) -> QuerySet[AuditEvent]:
    """The entries of the open scope's trail that match, the newest first."""
    found = AuditEvent.objects.filter(_by(wanted.who), _about(wanted.text), _between(wanted, ZoneInfo(time_zone)))
    if wanted.action:
        found = found.filter(action=wanted.action)
    if wanted.target:
        found = found.filter(target_kind=wanted.target)
    return found.order_by("-id")


def in_batches(found: QuerySet[AuditEvent]) -> Iterator[list[AuditEvent]]:
    """All of them, each batch by a query of its own, so that a slow reader holds no transaction open."""
    batch = list(found[:BATCH])
    while batch:
        yield batch
        batch = list(found.filter(id__lt=batch[-1].id)[:BATCH])


def label_of(action: str) -> str:
    """What the portal says for an action's name."""
    known = ACTIONS.get(action)
    return str(known.label) if known else action


def kind_of(target_kind: str) -> str:
    """What people call a target's kind."""
    return str(KINDS.get(target_kind, target_kind.capitalize()))


def _by(who: str) -> Q:
    if not who:
        return Q()
    return Q(actor_kind=who) if who in ActorKind.values else Q(actor_id=UUID(who))


def _about(text: str) -> Q:
    if not text:
        return Q()
    names = Q(actor_name__icontains=text) | Q(target_name__icontains=text)
    return names | Q(In(KT("detail__code"), codes_saying(text))) | Q(IContains(PARAMETERS, text))


def _between(wanted: Wanted, zone: ZoneInfo) -> Q:
    begins = Q(at__gte=_midnight(wanted.first, zone)) if wanted.first else Q()
    ends = Q(at__lt=_midnight(wanted.last + timedelta(days=1), zone)) if wanted.last else Q()
    return begins & ends


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)
