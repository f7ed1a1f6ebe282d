"""What happened with a person's own account, for that person."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tenants.accounts.receivers import SOMEBODY
from tenants.audit import trail
from tenants.audit.actions import LOG_IN_FAILED
from tenants.models import AccountEvent

PAGE = 30


@dataclass(frozen=True)
class Line:
    """An event as the page shows it."""

    event: AccountEvent

    @property
    def what(self) -> str:
        return trail.label_of(self.event.action)

    @property
    def is_warning(self) -> bool:
        return self.event.action == LOG_IN_FAILED.name

    @property
    def by_others(self) -> str:
        """Who did it, if it was not the person."""
        if self.event.actor_id == self.event.account_id:
            return ""
        return _("somebody unknown") if self.event.actor_name == SOMEBODY else self.event.actor_name

    @property
    def more(self) -> str:
        """What it was about, in sentences."""
        changed = [
            _("From %(before)s to %(after)s.") % {"before": before, "after": after}
            for before, after in self.event.changes.values()
        ]
        return " ".join(filter(None, [str(self.event.detail), *changed]))


@login_required
@require_GET
def account_activity(request: HttpRequest) -> HttpResponse:
    """Log-ins, including failed ones, and changes to the account, newest first."""
    events = AccountEvent.objects.filter(account_id=request.user.pk).order_by("-id")
    before = _id(request.GET.get("before", ""))
    found = list((events.filter(id__lt=before) if before else events)[: PAGE + 1])
    context = {
        "lines": [Line(event) for event in found[:PAGE]],
        "older": found[PAGE - 1].id if len(found) > PAGE else None,
        "is_first": before is None,
    }
    return render(request, "tenants/activity.html", context)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
