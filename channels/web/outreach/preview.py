"""A template with its blanks filled in, as the person gets it, and signed: what was looked at is what is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from django import forms
from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.providers.shapes import openers
from channels.providers.shapes.openers import Blank, Filled, Template

SALT = "channels.template"
GOOD_FOR_SECONDS = 3_600
LONGEST_VALUE = 1_000


class BlanksForm(forms.Form):
    """One field for each blank of a template."""

    def __init__(self, template: Template, data: Mapping[str, str] | None = None) -> None:
        super().__init__(data)
        self.template = template
        for part, blanks in (("header", template.header_blanks), ("body", template.body_blanks)):
            for blank in blanks:
                self.fields[f"{part}-{blank.name}"] = _field(part, blank)

    def filled(self) -> Filled:
        """What was entered, once it is valid."""
        its = self.template
        return Filled(its.name, its.language, its.is_named, self._of("header"), self._of("body"))

    def _of(self, part: str) -> dict[str, str]:
        begin = f"{part}-"
        return {name.removeprefix(begin): value for name, value in self.cleaned_data.items() if name.startswith(begin)}


class OneLine(forms.CharField):
    """Providers take neither line breaks nor wide gaps in a blank."""

    def to_python(self, value: object) -> str:
        return " ".join(str(super().to_python(value)).split())


def _field(part: str, blank: Blank) -> forms.CharField:
    name = {"name": blank.name}
    label = _("“%(name)s” in the heading") % name if part == "header" else _("“%(name)s” in the text") % name
    hint = _("For example: %(example)s") % {"example": blank.example} if blank.example else ""
    required = gettext_lazy("Fill it in: nobody gets a message with a blank.")
    return OneLine(
        label=label, help_text=hint, max_length=LONGEST_VALUE, label_suffix="", error_messages={"required": required}
    )


@dataclass(frozen=True)
class Preview:
    """What the person gets, part by part."""

    header: str
    body: str
    footer: str
    buttons: tuple[str, ...]

    @property
    def words(self) -> str:
        """The same as the conversation keeps it."""
        return "\n\n".join(filter(None, (self.header, self.body, self.footer)))


def of(template: Template, filled: Filled) -> Preview:
    """A template with these values."""
    header, body = openers.fill(template.header, filled.header), openers.fill(template.body, filled.body)
    return Preview(header, body, template.footer, tuple(template.buttons))


def sealed(conversation_id: UUID, user_id: object, filled: Filled, words: str) -> str:
    """What the button Send brings along. It is good for one message, of this member, in this conversation."""
    told = [str(uuid4()), str(conversation_id), str(user_id), filled.as_json(), words]
    return signing.dumps(told, salt=SALT, compress=True)


@dataclass(frozen=True)
class Ready:
    """What was looked at. key: of this one message."""

    key: UUID
    filled: Filled
    words: str


def opened(seal: str, conversation_id: UUID, user_id: object) -> Ready | None:
    """None if it is not from here, too old, or about something else."""
    try:
        key, conversation, user, filled, words = signing.loads(seal, salt=SALT, max_age=GOOD_FOR_SECONDS)
    except signing.BadSignature:
        return None
    if (conversation, user) != (str(conversation_id), str(user_id)):
        return None
    found = openers.of({openers.KEY: filled})
    return Ready(UUID(key), found, words) if found else None
