"""Who answers now, and who does not: since when, why, and whose move it is. The one place that says "On duty".

It looks at seats, payment, credit, the last answers, and at the channels that lead to an employee. Only a higher app
knows those: settings.REACHABILITY names its function.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agents import reasons
from agents.models import Agent
from agents.web import team
from agents.web.team import Duty, Place, Silence, Team
from billing import quota
from billing.models import Entitlement
from billing.standing import Standing
from billing.web import links
from billing.web.context import office_of
from tenants.http.middleware import Workspace
from tenants.permissions import Permission
from usage.models import Meter

MANAGERS: Promise = gettext_lazy("Operators, admins and owners of this workspace can do that.")
BUYERS: Promise = gettext_lazy("Owners and admins of this workspace can do that.")
STAFF: Promise = gettext_lazy("You cannot raise it here: ask whoever runs this Roster.")


Reachability = Callable[[Workspace, Iterable[Agent]], Mapping[UUID, Silence]]
"""Which of these employees nobody can reach, and why. Called inside the scope."""


def look(workspace: Workspace, page: str | None = None) -> Team:
    """The team of the open scope's workspace, this page of it, and who there is silent."""
    office = workspace.once(office_of)
    found = team.look(office, page)
    if found.page.number == 1:
        workspace.keep(team.on_duty, found.rows[0].agent if found.rows else None)
    return replace(found, rows=_with_silences(workspace, office.standing, found.rows))


def of(workspace: Workspace, agent: Agent) -> Silence | None:
    """Why this employee is silent; None if it answers."""
    office = workspace.once(office_of)
    return _with_silences(workspace, office.standing, [team.place_of(agent, office)])[0].silence


def credit_of(workspace: Workspace) -> Meter | None:
    """The trial credit of the open scope's workspace, if anything was ever reserved on it."""
    return quota.credit()


def _with_silences(workspace: Workspace, current: Standing, rows: Iterable[Place]) -> tuple[Place, ...]:
    places = [(place, _own_silence(workspace, current, place)) for place in rows]
    reachable = [place.agent for place, silence in places if silence is None]
    cut_off = import_string(settings.REACHABILITY)(workspace, reachable)
    return tuple(
        replace(place, silence=silence or cut_off.get(place.agent.id) or _failing(place.agent))
        for place, silence in places
    )


def _own_silence(workspace: Workspace, current: Standing, place: Place) -> Silence | None:
    """What keeps an employee from answering anywhere, in the order in which quota.reserve checks."""
    closing = _closing(workspace)
    if closing:
        return closing
    if place.state is Duty.PAUSED:
        return _paused(workspace, place.agent)
    if current.reason:
        return _unpaid(workspace, current)
    if place.state is Duty.NO_SEAT:
        return _without_seat(workspace, current, place.agent)
    credit = workspace.once(credit_of)
    return _without_credit(credit) if credit and credit.is_used_up else None


def _closing(workspace: Workspace) -> Silence | None:
    asked = workspace.tenant
    if asked.deletes_at is None:
        return None
    what = _("This workspace is going to be deleted, so nobody answers.")
    fix = _("An owner can keep it: under Settings, Data.")
    return Silence(_("Stopped"), what, fix, since=asked.deletion_requested_at, is_shown_elsewhere=True)


def _paused(workspace: Workspace, agent: Agent) -> Silence:
    what = _("%(name)s is paused: people who write get its message for when it is unavailable.") % {"name": agent.name}
    may = workspace.allows(Permission.MANAGE_EMPLOYEES)
    fix = _("You can reactivate it whenever a seat is free.") if may else str(MANAGERS)
    return Silence(_("Paused"), what, fix, since=agent.paused_at, is_chosen=True)


def _unpaid(workspace: Workspace, current: Standing) -> Silence:
    what = _("Nobody works here now. %(why)s") % {"why": current.reason}
    way = links.to_billing(workspace)
    return Silence(_("Paused"), what, "" if way else str(BUYERS), way, _stopped_at(current), is_shown_elsewhere=True)


def _stopped_at(current: Standing) -> datetime | None:
    """When a lapsed subscription stopped everybody, as far as Stripe has told us."""
    paid, status = current.entitlement, Entitlement.Status
    if paid.status == status.PAST_DUE:
        return current.grace_ends_at
    if paid.status == status.PAUSED:
        return paid.trial_ends_at or paid.period_start
    return paid.ended_at


def _without_seat(workspace: Workspace, current: Standing, agent: Agent) -> Silence:
    what = ngettext(
        "%(name)s has no seat: this workspace has %(seats)d seat, and it goes to whoever is at the top.",
        "%(name)s has no seat: this workspace has %(seats)d seats, filled from the top.",
        current.seats,
    ) % {"name": agent.name, "seats": current.seats}
    way = links.to_a_seat(workspace, current, reverse("workspace:employees", args=[workspace.tenant.slug]))
    if not workspace.allows(Permission.MANAGE_EMPLOYEES):
        fix = _("Operators, admins and owners can change the order.")
    else:
        fix = _("Move it up, or add seats.") if way else _("Move it up.")
    return Silence(_("No seat"), what, fix, way, agent.unanswered_since)


def _without_credit(credit: Meter) -> Silence:
    what = _("%(credit)s: too little is left for another answer, so people get the message for when it is unavailable.")
    return Silence(_("No credit"), what % {"credit": credit.name}, str(STAFF), since=credit.refused_since)


def _failing(agent: Agent) -> Silence | None:
    """The last thing people got from it was an apology, for a reason that only this column knows."""
    if agent.unanswered_since is None or not reasons.is_ours(agent.unanswered_cause):
        return None
    what = _("%(name)s could not answer when somebody last wrote. %(why)s")
    words = what % {"name": agent.name, "why": reasons.words(agent.unanswered_cause)}
    return Silence(_("Not answering"), words, since=agent.unanswered_since)
