"""Forms about AI employees."""

from http import HTTPStatus
from typing import Any

from django import forms
from django.conf import settings

from agents.models import Agent

EXAMPLE_INSTRUCTIONS = """\
You help customers of our business with their questions.
Be friendly and brief. Ask one question back if something is unclear.
If you do not know something, say so. Do not promise that somebody will get back to people."""


class EmployeeForm(forms.ModelForm[Agent]):
    """An AI employee in the operator's words; every default works as it is."""

    class Meta:
        model = Agent
        fields = ["name", "job_title", "instructions", "unavailable_text"]
        labels = {"name": "Name", "job_title": "Role", "unavailable_text": "When unavailable"}
        help_texts = {
            "name": f"It introduces itself by it. In Slack its messages come from the app, {settings.SLACK_APP_NAME}.",
            "job_title": "One line, such as “Customer support for Acme”.",
            "instructions": "What it should know and how it should behave, in plain words. It keeps to this job.",
            "unavailable_text": "Sent whenever it may not answer, such as while it is paused or the credit is used up.",
        }
        widgets = {
            "instructions": forms.Textarea(attrs={"rows": 9}),
            "unavailable_text": forms.Textarea(attrs={"rows": 2}),
        }

    is_unpaid = False
    """What it describes takes a seat, or a subscription, that there is not."""

    @property
    def status(self) -> HTTPStatus:
        """The status of a page with this form."""
        if self.is_unpaid:
            return HTTPStatus.PAYMENT_REQUIRED
        return HTTPStatus.UNPROCESSABLE_ENTITY if self.errors else HTTPStatus.OK

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.revision_number == 0:
            self.initial.setdefault("name", "Maya")
            self.initial["name"] = self.initial["name"] or "Maya"
            self.initial["job_title"] = self.initial.get("job_title") or "Customer support"
            self.initial["instructions"] = self.initial.get("instructions") or EXAMPLE_INSTRUCTIONS
