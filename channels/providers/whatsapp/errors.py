"""Meta's error codes: whether a message may be tried again, and what members of a workspace read.

https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels.providers import base
from channels.providers.base import DeliveryError, DeliveryNotNowError, DeliveryRefusedError, OutcomeUnknownError
from channels.providers.whatsapp import wordings
from tenants.wordings import Reason

DEAD_TOKEN = {0, 190}
LOCKED = {368, 131031}
STOPPED = {131037, 131042, 131045, 133010}
"""The number sends nothing to anybody until somebody acts at Meta: its name, the payment, its registration."""
LATER: Mapping[int, float] = {
    4: 2.0,
    80007: 2.0,
    130429: 2.0,
    131056: 6.0,  # about one message in six seconds to one person
    131048: 3_600.0,  # too many people reported the number: it pauses
    131057: 60.0,
}
"""Limits, with the seconds to wait at least. The outbox adds to them with each try, and jitter."""
OWN_TROUBLE = {1, 2, 131000, 131016, 135000}
"""It does not say whether the message was accepted."""
NEEDS_NUMBER = 131062
"""This kind of message does not go to a business-scoped id."""

MEDIA_DOWN = 131052
"""A file could not be downloaded."""
UNKNOWN_OBJECT = 100
"""Nothing has this id, or has it any more."""

PERMISSIONS = {3, 10, *range(200, 300), 131005}
TEMPLATES = (132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132068, 132069)

PERMISSION = _(
    "WhatsApp did not take the message: the access token lacks a permission. Give the system user "
    "whatsapp_business_messaging in Meta's Business Settings, and connect WhatsApp again."
)
WINDOW_CLOSED = _(
    "More than 24 hours have passed since the person last wrote: WhatsApp takes only a template now, or nothing until "
    "they write again."
)
RESTRICTED = _(
    "Meta has restricted the WhatsApp account. See the reason in WhatsApp Manager, under Account quality: "
    "https://business.facebook.com/wa/manage/home/"
)
NOT_REACHED = _(
    "WhatsApp could not deliver the message: the person does not use WhatsApp any more, has an old version of it, or "
    "has not accepted its terms."
)
HELD_BACK = _("WhatsApp held the message back: it sends this person no more of this kind for now.")
TEMPLATE = _("WhatsApp did not take the message: the template does not fit, or is paused or disabled.")
NO_SUCH_BLANKS = _("WhatsApp did not take the message: the values do not fit the template's blanks. Choose it again.")
NO_SUCH_VALUE = _("WhatsApp did not take the message: a value does not have the form that the template needs.")
NOT_REGISTERED = _(
    "WhatsApp did not take the message: the phone number is not registered with the Cloud API. Register it in WhatsApp "
    "Manager."
)
MEDIA = _("WhatsApp did not take the message: a file could not be transferred.")
REFUSALS: Mapping[str, Promise] = {
    "write_first": _("On WhatsApp people have to write first. Send a message to the number from your own phone."),
    **{str(code): PERMISSION for code in PERMISSIONS},
    **{str(code): RESTRICTED for code in LOCKED},
    base.WINDOW_CLOSED: WINDOW_CLOSED,
    "131047": WINDOW_CLOSED,
    "131026": NOT_REACHED,
    "130497": _("WhatsApp did not take the message: your business may not write to people in that country."),
    "131021": _("WhatsApp did not take the message: a number cannot write to itself."),
    "131030": _(
        "WhatsApp did not take the message: a test number only reaches the numbers on its list. Add the person's "
        "there, in your Meta app under WhatsApp → API Setup."
    ),
    "131037": _("WhatsApp did not take the message: Meta has not approved the number's display name yet."),
    "131042": _(
        "WhatsApp did not take the message: there is a problem with your payment method at Meta. Check it in Meta's "
        "Business Settings, under Billing."
    ),
    "131045": NOT_REGISTERED,
    "133010": NOT_REGISTERED,
    "133016": _(
        "WhatsApp did not take the message: the number was registered too often, and is blocked for three days."
    ),
    "131049": HELD_BACK,
    "130472": HELD_BACK,
    "131050": _("WhatsApp did not take the message: the person stopped marketing messages from you."),
    "131052": MEDIA,
    "131053": MEDIA,
    str(NEEDS_NUMBER): _(
        "WhatsApp did not take the message: it needs the person's phone number, which they have not shared."
    ),
    "131064": _("WhatsApp did not take the message: Meta limits this account after wrongly categorized templates."),
    "no_account": _(
        "Roster does not know the WhatsApp Business account of this number. Connect WhatsApp again, with the account's "
        "ID."
    ),
    **{str(code): TEMPLATE for code in TEMPLATES},
    "132000": NO_SUCH_BLANKS,
    "132001": _(
        "WhatsApp did not take the message: there is no such template in this language, or it is not approved."
    ),
    "132005": _("WhatsApp did not take the message: with these values, the template is too long."),
    "132007": _("WhatsApp did not take the message: the template breaks WhatsApp's rules. Choose another one."),
    "132008": NO_SUCH_VALUE,
    "132012": NO_SUCH_VALUE,
    "132015": _(
        "WhatsApp did not take the message: Meta paused the template because of its quality. Choose another one "
        "for now."
    ),
    "132016": _(
        "WhatsApp did not take the message: Meta disabled the template because of its quality. Choose another one."
    ),
}

PERSONAL = frozenset(
    {
        "131021", "131026", "131030", "131047", "131049", "131050", "131051", "131052", "131053", "131062", "130472",
        "130497", *(str(code) for code in TEMPLATES),
    }
)  # fmt: skip
"""About one person or message: these say nothing of the number."""


@dataclass(frozen=True)
class Fault:
    """An error as Meta tells it. status: of the HTTP response; 0 if it came by webhook."""

    code: int | None
    details: str = ""
    status: int = 0

    @property
    def name(self) -> str:
        """Its code as text; empty if there is none."""
        return "" if self.code is None else str(self.code)


def reason_of(fault: Fault) -> Reason:
    """For staff: why a message was refused, or failed later."""
    if fault.code in DEAD_TOKEN:
        return wordings.DEAD_TOKEN(code=fault.name)
    if fault.code in LOCKED:
        return wordings.LOCKED(code=fault.name, details=fault.details)
    return wordings.REFUSED(code=fault.name, details=fault.details)


def error_of(fault: Fault, retry_after: float | None = None) -> DeliveryError:
    """What follows from the error that answered a call.

    A code that nobody knows: not sent if Meta blames the request, unknown if it blames itself.
    """
    code = fault.code
    if code in LATER or (fault.status == 429 and code not in OWN_TROUBLE):
        wait = LATER.get(code, 2.0) if code is not None else 2.0
        return DeliveryNotNowError(wordings.LIMITED(code=fault.name), max(wait, retry_after or 0.0))
    if code in OWN_TROUBLE or code is None or fault.status >= 500:
        trouble = wordings.OWN_TROUBLE(status=fault.status, code=fault.name, details=fault.details)
        return OutcomeUnknownError(trouble)
    is_broken = code in DEAD_TOKEN | LOCKED | STOPPED
    return DeliveryRefusedError(reason_of(fault), breaks_connection=is_broken, code=fault.name)
