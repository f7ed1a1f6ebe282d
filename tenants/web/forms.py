"""Forms about workspaces and their members."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.accounts.forms import AddressField
from tenants.models import Membership, Role, Tenant
from tenants.team.members import grantable


class WorkspaceForm(forms.ModelForm[Tenant]):
    """A new workspace: its name and time zone; the browser fills in the time zone."""

    class Meta:
        model = Tenant
        fields = ["name", "time_zone"]

    name = forms.CharField(
        label=_("Workspace name"),
        help_text=_("Usually your company or team. People in your channels do not see it."),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("For dates, budgets and reports."),
        choices=[(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())],
        initial="UTC",
    )


class RoleForm(forms.Form):
    """One of the roles that somebody with their own role may give."""

    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, own: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(role.value, role.label) for role in grantable(own)]
        self.fields["role"] = forms.ChoiceField(label=_("Role"), choices=choices, initial=Role.OPERATOR.value)

    @property
    def chosen(self) -> Role:
        """The role of a valid form."""
        return Role(self.cleaned_data["role"])


class InviteForm(RoleForm):
    """Who is invited, and as what."""

    email = AddressField(
        label=_("E-mail address"),
        help_text=_("The invitation works for this address only."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("email", "role")


class HandOverForm(forms.Form):
    """Which member becomes the owner: one of the first of `heirs`."""

    SHOWN = 50

    def __init__(self, *args: Any, heirs: QuerySet[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(each.id), f"{each.user.email} ({each.get_role_display()})") for each in heirs[: self.SHOWN]]
        self.fields["heir"] = forms.ChoiceField(label=_("New owner"), choices=choices)


class ContactCodeForm(forms.Form):
    """The code that was mailed to the workspace's contact."""

    code = forms.CharField(
        label=_("Code from the mail"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class SettingsForm(forms.ModelForm[Tenant]):
    """A workspace's settings, each with what depends on it. profile.change checks whether the address is free."""

    class Meta:
        model = Tenant
        fields = ["name", "slug", "time_zone", "language", "contact_email"]
        labels = {
            "name": _("Name"),
            "slug": _("Address"),
            "language": _("Language"),
            "contact_email": _("Contact e-mail"),
        }
        help_texts = {
            "name": _("Shown to members and in our mails. People in your channels do not see it."),
            "slug": _("The part after /t/ in every link. Old links keep working for members; nobody else gets them."),
            "language": _(
                "What AI employees answer in when a message does not show its language. The portal is in English."
            ),
            "contact_email": _(
                "Gets notices about exports, deletion and the subscription, as the owners do. "
                "We mail a code there first to confirm it. You can leave it empty."
            ),
        }
        field_classes = {"contact_email": AddressField}
        widgets = {"contact_email": forms.EmailInput(attrs={"autocomplete": "email"})}

    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("For dates on these pages, and for when a day of usage begins. Past days do not change."),
        choices=[(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())],
    )

    def clean_slug(self) -> str:
        """Capital letters do not make it another address."""
        return str(self.cleaned_data["slug"]).lower()

    def validate_unique(self) -> None:
        """Left to profile.change, which checks under a lock."""


class DeletionForm(forms.Form):
    """The workspace's name, typed by whoever wants to delete it."""

    name = forms.CharField(
        label=_("The workspace's name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected
        self.fields["name"].help_text = gettext("Type “%(name)s” to confirm.") % {"name": expected}

    def clean_name(self) -> str:
        """It must match exactly, except for space around it."""
        name = str(self.cleaned_data["name"]).strip()
        if name != self.expected.strip():
            words = gettext("That is not the workspace's name. Type “%(name)s”.")
            raise forms.ValidationError(words % {"name": self.expected})
        return name
