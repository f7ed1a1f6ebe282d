"""What Meta bills a message as, from the category and the type in a status's `pricing`.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status/
"""

from django.utils.translation import gettext_lazy as _

from channels.providers.capabilities import Charging
from channels.providers.shapes.webhooks import Charge

LONGEST = 40
"""Characters of a category that are stored."""
CHARGED = "regular"
"""The type of what is billed; the others are free. Meta's `billable` says the same, and is deprecated."""
CHARGING = Charging(
    billed_by=_("Meta bills your business for what is charged, not Roster."),
    categories={
        "service": _("Answers to people"),
        "utility": _("Utility templates"),
        "marketing": _("Marketing templates"),
        "authentication": _("Templates with a code"),
        "general_purpose_ai": _("Answers of an AI for general purposes"),
    },
    alarms={
        "general_purpose_ai": _(
            "Meta counts messages of this number as those of an AI for general purposes, and can bill them as such. "
            "Look at what your AI employee answers there: it should keep to your business."
        )
    },
)


def charge_of(category: str, kind: str) -> Charge | None:
    """None if Meta does not say both."""
    return Charge(category[:LONGEST], kind == CHARGED) if category and kind else None
