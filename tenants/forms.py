"""Forms about workspaces."""

from zoneinfo import available_timezones

from django import forms

from tenants.models import Tenant


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
