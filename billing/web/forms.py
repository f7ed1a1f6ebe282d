"""What operators choose about their subscription: plan and seats."""

from typing import Any

from django import forms

from billing.catalogue import PLANS, SEATS_MAX, Plan, plan_of
from billing.subscription import base

HOW_MANY = f"a whole number from 1 to {SEATS_MAX:,}"


class SeatsField(forms.CharField):
    """A number of seats. What is none is repeated, with what would be one."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "numeric", "min": 1, "max": SEATS_MAX, "step": 1, "autocomplete": "off"}
        super().__init__(required=False, widget=forms.NumberInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> int:
        """The number. Raises ValidationError."""
        given = str(super().clean(value))
        try:
            return base.whole_seats(given)
        except base.SeatsError as error:
            wrong = f"“{given[:20]}” is no number of seats" if given else "It is not said how many"
            raise forms.ValidationError(f"{wrong}: take {HOW_MANY}.") from error


class SeatsForm(forms.Form):
    """How many seats the workspace wants to have."""

    seats = SeatsField(label="Seats", help_text=f"{HOW_MANY.capitalize()}.")


class SubscribeForm(forms.Form):
    """The plan, and one seat for each AI employee."""

    plan = forms.ChoiceField(
        label="How you pay",
        choices=[(plan.lookup_key, plan.name) for plan in PLANS],
        error_messages={"required": "Choose how you pay.", "invalid_choice": "Choose one of the plans on this page."},
    )
    seats = SeatsField(label="AI employees", help_text="One seat for each. You can change it at any time.")

    @property
    def chosen(self) -> Plan:
        """The plan of a valid form."""
        return plan_of(self.cleaned_data["plan"])
