"""The form by which the portal's audit trail is filtered."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from tenants.audit.journal import ACTIONS, Action
from tenants.audit.trail import KINDS, Wanted
from tenants.models import ActorKind, ApiToken, AuditEvent, Membership, Tenant

GROUPS = {
    "audit": _("Audit trail"),
    "channel": _("Channels"),
    "conversation": _("Conversations"),
    "conversations": _("Conversations"),
    "file": _("Files"),
    "employee": _("AI employees"),
    "export": _("Exports"),
    "invitation": _("Invitations"),
    "member": _("Members"),
    "message": _("Messages"),
    "ownership": _("Ownership"),
    "person": _("People"),
    "staff": _("Roster staff"),
    "subscription": _("Subscription"),
    "support": _("Support access"),
    "token": _("API tokens"),
    "workspace": _("Workspace"),
}
"""What the filter calls the first part of an action's name."""
Choices = list[tuple[str, Any]]
OFFERED = 50
"""Members, and tokens, that the list of people offers."""
LATEST = date(9998, 12, 31)
"""The day after it must still be one."""


class TrailForm(forms.Form):
    """Who, what, when, and a word to look for."""

    text = forms.CharField(label=_("Search"), max_length=100, required=False)
    who = forms.ChoiceField(label=_("Who"), required=False)
    action = forms.ChoiceField(label=_("What"), required=False)
    target = forms.ChoiceField(label=_("Kind of thing"), required=False, choices=[("", _("Any")), *KINDS.items()])

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # `from` is a word of Python's, so it cannot be declared as an attribute.
        for name, label in {"from": _("From"), "to": _("To")}.items():
            picker = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            self.fields[name] = forms.DateField(label=label, required=False, widget=picker)
        self._offer("who", _people(tenant, str(self.data.get("who", ""))))
        self._offer("action", _actions())

    def _offer(self, name: str, choices: Choices) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # fields of this form are known by name

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("from") and given.get("to") and given["from"] > given["to"]:
            self.add_error("from", gettext("This is after “To”: choose a day that is not."))
        if given.get("to") and given["to"] > LATEST:
            self.add_error("to", gettext("Choose a day before the year 9999."))
        return given

    @property
    def wanted(self) -> Wanted:
        """What a valid form asks for."""
        given = self.cleaned_data
        return Wanted(given["who"], given["action"], given["target"], given["from"], given["to"], given["text"])

    @property
    def is_narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.fields)


def _people(tenant: Tenant, asked: str) -> Choices:
    """The first of each group; whoever else is asked for stands alone. Others are found by a word of their names."""
    members = Membership.objects.filter(tenant=tenant).values_list("user_id", "user__email").order_by("user__email")
    tokens = ApiToken.objects.filter(tenant=tenant).order_by("name", "id")[: OFFERED + 1]
    made = [(str(token.id), str(token)) for token in tokens]
    people = [(str(id), email) for id, email in members[: OFFERED + 1]]
    groups = [
        (gettext("All of a kind"), list(ActorKind.choices)),
        (_titled(gettext("Members"), people), people[:OFFERED]),
        (_titled(gettext("API tokens"), made), made[:OFFERED]),
        (gettext("Somebody else"), [] if asked in dict([*people[:OFFERED], *made[:OFFERED]]) else _else(tenant, asked)),
    ]
    return [("", gettext("Anybody")), *((name, choices) for name, choices in groups if choices)]


def _titled(name: str, found: Sequence[object]) -> str:
    if len(found) <= OFFERED:
        return name
    return gettext("%(name)s: the first %(count)d; search for others") % {"name": name, "count": OFFERED}


def _else(tenant: Tenant, asked: str) -> list[tuple[str, str]]:
    """Somebody who is not among the first, or is in the trail, but no longer in the workspace."""
    try:
        wanted = UUID(asked)
    except ValueError:
        return []
    found = [
        *AuditEvent.objects.filter(actor_id=wanted).order_by("-id").values_list("actor_name", flat=True)[:1],
        *Membership.objects.filter(tenant=tenant, user=wanted).values_list("user__email", flat=True),
        *(str(token) for token in ApiToken.objects.filter(tenant=tenant, id=wanted)),
    ]
    return [(asked, name) for name in found[:1]]


def _actions() -> Choices:
    """Those of workspaces, by what they are about; those of accounts have a page of their own."""
    names = sorted(name for name in ACTIONS if not name.startswith("account."))
    grouped = groupby((ACTIONS[name] for name in names), key=_group)
    return [("", gettext("Anything")), *((group, _choices(list(actions))) for group, actions in grouped)]


def _group(action: Action) -> str:
    prefix = action.name.partition(".")[0]
    return str(GROUPS.get(prefix, prefix.capitalize()))


def _choices(actions: Sequence[Action]) -> list[tuple[str, StrOrPromise]]:
    return [(action.name, action.label) for action in actions]
