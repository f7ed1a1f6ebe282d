"""Forms about workspaces, their members, and the way in."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.db.models import QuerySet

from tenants.accounts.forms import AddressField
from tenants.models import Membership, Role, Tenant
from tenants.team.members import grantable


class WorkspaceForm(forms.ModelForm[Tenant]):
    """A new workspace: its name and time zone; the browser fills in the time zone."""

    class Meta:
        model = Tenant
        fields = ["name", "time_zone"]

    name = forms.CharField(
        label="Workspace name",
        help_text="Usually your company or team. People in your channels do not see it.",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        help_text="For dates, budgets and reports.",
        choices=[(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())],
        initial="UTC",
    )


class RoleForm(forms.Form):
    """A role out of those that somebody with their own may give."""

    role = forms.ChoiceField(label="Role")

    def __init__(self, *args: Any, own: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(role.value, role.label) for role in grantable(own)]
        self.fields["role"] = forms.ChoiceField(label="Role", choices=choices, initial=Role.OPERATOR.value)

    @property
    def chosen(self) -> Role:
        """The role of a valid form."""
        return Role(self.cleaned_data["role"])


class InviteForm(RoleForm):
    """Who is invited, and as what."""

    email = AddressField(
        label="E-mail address",
        help_text="The invitation works for this address only.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("email", "role")


class HandOverForm(forms.Form):
    """Which member becomes the owner: one of the first of `heirs`."""

    SHOWN = 50

    def __init__(self, *args: Any, heirs: QuerySet[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(each.id), f"{each.user.email} ({each.get_role_display()})") for each in heirs[: self.SHOWN]]
        self.fields["heir"] = forms.ChoiceField(label="New owner", choices=choices)


class ContactCodeForm(forms.Form):
    """What the contact of a workspace was mailed."""

    code = forms.CharField(
        label="Code from the mail",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class SettingsForm(forms.ModelForm[Tenant]):
    """A workspace's settings, each with what depends on it. Whether the address is free, profile.change knows."""

    class Meta:
        model = Tenant
        fields = ["name", "slug", "time_zone", "language", "contact_email"]
        labels = {
            "slug": "Address",
            "time_zone": "Time zone",
            "language": "Language",
            "contact_email": "Contact e-mail",
        }
        help_texts = {
            "name": "Shown to members and in our mails. People in your channels do not see it.",
            "slug": "The part after /t/ in every link. Old links go on working for members; nobody else gets them.",
            "language": "In what AI employees answer when a message does not show its language. They answer everybody "
            "else in their own. The portal stays English.",
            "contact_email": "Gets notices about exports, deletion and the subscription, beside the owners, once "
            "a code that we mail there has confirmed it. It may stay empty.",
        }
        field_classes = {"contact_email": AddressField}
        widgets = {"contact_email": forms.EmailInput(attrs={"autocomplete": "email"})}

    time_zone = forms.ChoiceField(
        label="Time zone",
        help_text="For dates on these pages, and for where a day of usage begins. Days that are over stay as they were "
        "counted.",
        choices=[(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())],
    )

    def clean_slug(self) -> str:
        """Capital letters are no other address."""
        return str(self.cleaned_data["slug"]).lower()

    def validate_unique(self) -> None:
        """Left to profile.change, which asks under a lock."""


class DeletionForm(forms.Form):
    """The workspace's name, typed by whoever wants it gone."""

    name = forms.CharField(
        label="The workspace's name",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected
        self.fields["name"].help_text = f"Type “{expected}” to confirm."

    def clean_name(self) -> str:
        """Exactly as it is written, but for space around it."""
        name = str(self.cleaned_data["name"]).strip()
        if name != self.expected.strip():
            raise forms.ValidationError(f"This is not the workspace's name: type “{self.expected}”.")
        return name
