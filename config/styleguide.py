"""The style guide, `/styleguide/`: every component of the design system in all its states, for staff who build pages.

It is made of the same partials and classes as the pages, and shows made-up people. It opens no workspace's data.
"""

from dataclasses import dataclass

from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_http_methods

from tenants.staff.site import turned_away

PARTS = {
    "basics": "Basics",
    "buttons": "Buttons",
    "fields": "Fields",
    "choices": "Choices",
    "feedback": "Feedback",
    "lists": "Lists",
    "figures": "Figures",
    "conversations": "Conversations",
    "decisions": "Decisions",
    "connecting": "Connecting a channel",
    "employees": "AI employees",
    "chat": "Web chat",
    "layout": "Layout",
}
"""The page's parts: each is a template of templates/styleguide, and what its heading says."""

WRONG = {"shop": "", "line": "orders", "words": "", "secret": "EAAGm0"}
FILLED = {"shop": "Bloom Bakery", "line": "orders", "words": "Answers questions about orders.", "secret": "EAAGm0PX4ZC"}


class Specimen(forms.Form):
    """One field of each kind."""

    shop = forms.CharField(label="Name", help_text="What people call it.", error_messages={"required": "Enter a name."})
    line = forms.ChoiceField(label="Channel", choices=[("orders", "Orders line"), ("desk", "Front desk")])
    words = forms.CharField(
        label="Instructions",
        widget=forms.Textarea(attrs={"rows": 3, "class": "grows"}),
        error_messages={"required": "Say what it should do."},
    )
    secret = forms.CharField(label="Access token", widget=forms.PasswordInput(render_value=True))


@dataclass(frozen=True)
class Verdict:
    """What partials/verdict.html shows, and when."""

    caption: str
    state: str
    what: str
    then: str = ""


@dataclass(frozen=True)
class Segment:
    """One of the links of partials/segments.html; without a `url` it is locked."""

    words: str
    url: str = ""
    is_current: bool = False
    count: int = 0


SEGMENTS = (
    Segment("Needs a human", "#segments", count=3),
    Segment("Open", "#segments", is_current=True),
    Segment("All", "#segments"),
    Segment("Archive"),
)
VERDICTS = (
    Verdict("Asking", "asking", "Asking Meta…"),
    Verdict("Waits for another value", "waits", "Checked as soon as the token works."),
    Verdict("Works", "ok", "Works", "System user “Roster”, both permissions, does not expire."),
    Verdict("Temporary", "warn", "Works only until today, 18:00", "It is a temporary token: replace it later."),
    Verdict("Provider down", "warn", "Meta does not respond right now (503)", "Your value is kept."),
    Verdict("Wrong", "bad", "Meta does not know this token (error 190)", "Copy all of it: it begins with EAA."),
    Verdict("Permission missing", "bad", "One permission is missing: whatsapp_business_messaging", "Tick it, too."),
)
SHEETS = ("data", "conversation", "connecting", "employee", "chat", "apidocs", "styleguide")
MANIFEST = """display_information:
  name: Rosa
settings:
  socket_mode_enabled: false"""
TOASTS = (
    Message(constants.SUCCESS, "Rosa is live."),
    Message(constants.WARNING, "Rosa is live, but nobody is told when it hands over."),
    Message(constants.ERROR, "Slack did not answer. Nothing was changed."),
)


def styleguide(request: HttpRequest) -> HttpResponseBase:
    """`/styleguide/`, behind the door of the staff's admin. What its forms send is dropped."""
    return turned_away(request) or _page(request)


@require_http_methods(["GET", "HEAD", "POST"])
def _page(request: HttpRequest) -> HttpResponseBase:
    if request.method == "POST":
        return redirect("styleguide")
    return render(request, "styleguide/page.html", _specimens())


def _specimens() -> dict[str, object]:
    off = Specimen(initial=FILLED, prefix="off")
    for field in off.fields.values():
        field.disabled = True
    return {
        "parts": [(slug, title, f"styleguide/{slug}.html") for slug, title in PARTS.items()],
        "empty_form": Specimen(prefix="empty"),
        "filled_form": Specimen(initial=FILLED, prefix="filled"),
        "wrong_form": Specimen({f"wrong-{name}": value for name, value in WRONG.items()}, prefix="wrong"),
        "off_form": off,
        "segments": SEGMENTS,
        "verdicts": VERDICTS,
        "toasts": TOASTS,
        "middle": Paginator(range(3), 1).page(2),
        "sheets": [f"css/{name}.css" for name in SHEETS],
        "manifest": MANIFEST,
        "picture": static("icons/roster.svg"),
        "subscriptions": ["trialing", "active", "past_due", "unpaid", "incomplete", "canceled", "paused", "none"],
    }
