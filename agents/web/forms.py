"""Forms about AI employees."""

from http import HTTPStatus
from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import lazy
from django.utils.module_loading import import_string
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.employees import hiring
from agents.models import Agent

EXAMPLE_INSTRUCTIONS = _(
    "You help customers of our business with their questions.\n"
    "Be friendly and brief. Ask one question back if something is unclear.\n"
    "If you do not know something, say so. Do not promise that somebody will get back to people."
)


def _whose_name() -> str:
    """Agents cannot know the channels in which they speak."""
    return str(import_string(settings.SPEAKS_AS)())


class EmployeeForm(forms.ModelForm[Agent]):
    """An AI employee in the operator's words; every default works as it is."""

    class Meta:
        model = Agent
        fields = ["name", "job_title", "business_function", "instructions", "unavailable_text"]
        labels = {
            "name": _("Name"),
            "job_title": _("Role"),
            "business_function": _("Business function"),
            "instructions": _("Instructions"),
            "unavailable_text": _("When unavailable"),
        }
        help_texts = {
            "name": format_lazy("{} {}", _("It introduces itself with this name."), lazy(_whose_name, str)()),
            "job_title": _("One line, such as “Customer support for Acme”."),
            "business_function": _(
                "What people may ask it for, such as “Orders and opening hours of Bloom Bakery”. It answers nothing "
                "else in channels that do not allow general assistants."
            ),
            "instructions": _("What it should know and how it should behave, in plain words. It sticks to this job."),
            "unavailable_text": _("Sent whenever it may not answer, such as when it is paused or out of credit."),
        }
        widgets = {
            "instructions": forms.Textarea(attrs={"rows": 9}),
            "unavailable_text": forms.Textarea(attrs={"rows": 2}),
        }

    is_unpaid = False
    """What it describes needs a seat or a subscription that is missing."""

    @property
    def status(self) -> HTTPStatus:
        """The status of a page with this form."""
        if self.is_unpaid:
            return HTTPStatus.PAYMENT_REQUIRED
        return HTTPStatus.UNPROCESSABLE_ENTITY if self.errors else HTTPStatus.OK

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["business_function"] = self.initial.get("business_function") or self.instance.job_title
        if self.instance.revision_number == 0:
            self.initial["name"] = self.initial.get("name") or "Maya"
            self.initial["job_title"] = self.initial.get("job_title") or gettext("Customer support")
            self.initial["business_function"] = self.initial["business_function"] or self.initial["job_title"]
            self.initial["instructions"] = self.initial.get("instructions") or str(EXAMPLE_INSTRUCTIONS)
            self.initial["unavailable_text"] = hiring.unavailable_text()
