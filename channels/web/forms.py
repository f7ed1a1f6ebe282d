"""Forms about channels."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from channels.providers.connecting import Entered, Field
from tenants.encryption import Secret
from tenants.models import Tenant

EXAMPLE = _("Hi! Who are you, and what can you help me with?")
LONGEST_ENTRY = 4_000


class TestMessageForm(forms.Form):
    """A question to send; the prefilled one works."""

    __test__ = False  # no test class, whatever its name begins with

    text = forms.CharField(
        label=_("Your message"),
        initial=EXAMPLE,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write a message to send.")},
    )


class SetupForm(forms.Form):
    """What an operator copies from a provider, as the provider declares it.

    known: what was entered before; what is secret of it is never shown again.
    keeps: what is left empty stays as it was entered before.
    """

    def __init__(
        self, *args: Any, entered: Entered, known: Mapping[str, str], keeps: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.entered, self.known, self.keeps = entered, known, keeps
        for each in entered.fields:
            self.fields[each.name] = forms.CharField(
                label=each.label,
                help_text=each.help,
                required=False,  # an empty value has a sentence of the provider's, too
                max_length=LONGEST_ENTRY,
                initial="" if each.is_secret else known.get(each.name, ""),
                widget=_entry(is_secret=each.is_secret, is_alone=keeps),
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.keeps:
            kept = {each.name: self.known.get(each.name, "") for each in self.entered.fields if each.is_secret}
            cleaned |= {name: value for name, value in kept.items() if not cleaned.get(name)}
        if not self.errors:
            for name, sentence in self.entered.faults(cleaned).items():
                self.add_error(name or None, sentence)
        return cleaned

    @property
    def values(self) -> Mapping[str, str]:
        """A valid form's, by name."""
        return {each.name: str(self.cleaned_data[each.name]) for each in self.entered.fields}

    @property
    def rows(self) -> Sequence[tuple[Field, forms.BoundField, str]]:
        """Each field, with what was entered of its secret before, masked."""
        return [(each, self[each.name], self._masked(each) if self.keeps else "") for each in self.entered.fields]

    def _masked(self, field: Field) -> str:
        value = self.known.get(field.name, "") if field.is_secret else ""
        return str(Secret(value)) if value else ""

    @property
    def shown(self) -> Sequence[tuple[StrOrPromise, str]]:
        """What was entered before, by label; of a secret only the end."""
        found = ((each, self.known.get(each.name, "")) for each in self.entered.fields)
        return [(each.label, str(Secret(value)) if each.is_secret else value) for each, value in found if value]


def _entry(*, is_secret: bool, is_alone: bool) -> forms.Widget:
    """is_alone: no name stands before the secrets, which Chromium would miss for a new password."""
    attrs = {"autocomplete": "off", "spellcheck": "false"}
    if not is_secret:
        return forms.TextInput(attrs)
    return forms.PasswordInput(attrs if is_alone else {**attrs, "autocomplete": "new-password"})


class RetentionForm(forms.Form):
    """How long conversations are kept: one of the usual times, or any number of days."""

    CHOICES = (
        ("", _("Forever")),
        ("30", _("30 days")),
        ("90", _("90 days")),
        ("180", _("180 days")),
        ("365", _("1 year")),
        ("730", _("2 years")),
        ("own", _("Another number of days")),
    )

    period = forms.ChoiceField(
        label=_("Keep conversations"),
        required=False,
        choices=CHOICES,
        help_text=_("Counted from a conversation's last message."),
    )
    days = forms.IntegerField(
        label=_("Number of days"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=_("From 1 to 3,650. Only with “Another number of days”."),
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = str(tenant.retention_days or "")
        is_usual = kept in dict(self.CHOICES)
        self.fields["period"].initial = kept if is_usual else "own"
        self.fields["days"].initial = None if is_usual else tenant.retention_days

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("period") == "own" and not cleaned.get("days") and "days" not in self.errors:
            self.add_error("days", gettext("Enter a number of days from 1 to 3,650."))
        return cleaned

    @property
    def chosen_days(self) -> int | None:
        """What a valid form says; None keeps conversations forever."""
        period = self.cleaned_data["period"]
        if period == "own":
            return int(self.cleaned_data["days"])
        return int(period) if period else None


class TalkForm(forms.Form):
    """How long talk around AI employees is kept."""

    hours = forms.IntegerField(
        label=_("Hours to keep talk around AI employees"),
        min_value=0,
        max_value=168,
        help_text=_("From 0 to 168. With 0, none of it is kept."),
        error_messages={"required": _("Enter a number of hours from 0 to 168.")},
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hours"].initial = tenant.overheard_hours
