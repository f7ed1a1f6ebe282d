"""What operators choose for their subscription: plan and seats."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.catalogue import PLANS, SEATS_MAX, Plan, plan_of
from billing.subscription import base

MOST = f"{SEATS_MAX:,}"


class SeatsField(forms.CharField):
    """A number of seats. Anything else is quoted back, with what it could be."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "numeric", "min": 1, "max": SEATS_MAX, "step": 1, "autocomplete": "off"}
        super().__init__(required=False, widget=forms.NumberInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> int:
        """The number. Raises ValidationError."""
        given = str(super().clean(value))
        try:
            return base.whole_seats(given)
        except base.SeatsError as error:
            if given:
                wrong = gettext("“%(given)s” is not a number of seats: enter a whole number from 1 to %(most)s.")
            else:
                wrong = gettext("Enter how many seats you want: a whole number from 1 to %(most)s.")
            raise forms.ValidationError(wrong % {"given": given[:20], "most": MOST}) from error


class SeatsForm(forms.Form):
    """How many seats the workspace wants to have."""

    seats = SeatsField(label=_("Seats"), help_text=format_lazy(_("A whole number from 1 to {most}."), most=MOST))


class SubscribeForm(forms.Form):
    """The plan, and one seat for each AI employee."""

    plan = forms.ChoiceField(
        label=_("How you pay"),
        choices=[(plan.lookup_key, plan.name) for plan in PLANS],
        error_messages={
            "required": _("Choose how you pay."),
            "invalid_choice": _("Choose one of the plans on this page."),
        },
    )
    seats = SeatsField(label=_("AI employees"), help_text=_("One seat each. You can change this at any time."))

    @property
    def chosen(self) -> Plan:
        """The plan of a valid form."""
        return plan_of(self.cleaned_data["plan"])
