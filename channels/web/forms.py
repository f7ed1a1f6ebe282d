"""Forms about channels."""

from typing import Any

from django import forms

from tenants.models import Tenant

EXAMPLE = "Hi! Who are you, and what can you help me with?"


class TestMessageForm(forms.Form):
    """A question to send; the prefilled one works."""

    __test__ = False  # no test class, whatever its name begins with

    text = forms.CharField(
        label="Your message",
        initial=EXAMPLE,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write a message to send."},
    )


class RetentionForm(forms.Form):
    """How long conversations are kept: one of the usual times, or a number of days of one's own."""

    CHOICES = (
        ("", "For good"),
        ("30", "30 days"),
        ("90", "90 days"),
        ("180", "180 days"),
        ("365", "1 year"),
        ("730", "2 years"),
        ("own", "Another number of days"),
    )

    period = forms.ChoiceField(
        label="Keep conversations",
        required=False,
        choices=CHOICES,
        help_text="Counted from a conversation's last message.",
    )
    days = forms.IntegerField(
        label="Number of days",
        required=False,
        min_value=1,
        max_value=3650,
        help_text="From 1 to 3,650; only with “Another number of days”.",
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
            self.add_error("days", "Say how many days: from 1 to 3,650.")
        return cleaned

    @property
    def chosen_days(self) -> int | None:
        """What a valid form says; None keeps conversations for good."""
        period = self.cleaned_data["period"]
        if period == "own":
            return int(self.cleaned_data["days"])
        return int(period) if period else None


class TalkForm(forms.Form):
    """How long talk around AI employees is kept."""

    hours = forms.IntegerField(
        label="Hours to keep talk around AI employees",
        min_value=0,
        max_value=168,
        help_text="From 0 to 168; 0 keeps none of it.",
        error_messages={"required": "Say how many hours: from 0 to 168."},
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hours"].initial = tenant.overheard_hours
