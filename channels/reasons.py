"""Why a message did not go out, or a channel stopped: codes that are kept, and their words for the workspace's members.

The counterpart of agents.reasons. It words the codes from there, too.
"""

from collections.abc import Mapping
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents import reasons
from channels.providers.base import DeliveryError, DeliveryNotNowError, DeliveryRefusedError
from channels.providers.registry import provider_named


class Cause(StrEnum):
    """A code. A provider's own error code may follow it after a colon."""

    TOKEN_DEAD = "token_dead"  # noqa: S105 - a code, no token
    REFUSED = "refused"
    NOT_IN_TIME = "not_in_time"
    NOT_SEEN = "not_seen"
    DISCONNECTED = "disconnected"
    DISCONNECTED_BY_API = "disconnected_by_api"
    REMOVED = "removed"
    STOPPED = "stopped_by_person"
    MOVED = "moved"
    CLOSING = "channel_closing"
    UNWELL = "unwell"


WORDS: Mapping[str, Promise] = {
    Cause.TOKEN_DEAD: _("%(channel)s no longer let Roster in."),
    Cause.NOT_IN_TIME: _("%(channel)s could not be reached, or took no more messages, for six hours."),
    Cause.NOT_SEEN: _("%(channel)s did not confirm it."),
    Cause.DISCONNECTED: _("The channel was disconnected here in the portal."),
    Cause.DISCONNECTED_BY_API: _("The channel was disconnected through the API."),
    Cause.REMOVED: _("The app was removed in %(channel)s."),
    Cause.STOPPED: _("The person stopped the answer."),
    Cause.MOVED: _("The channel moved to another workspace of Roster, after it was released here."),
    Cause.CLOSING: _("This workspace was going to be deleted."),
    Cause.UNWELL: _("%(channel)s did not work here: see Channels."),
}


def cause_of(error: DeliveryError) -> str:
    """The code of why a message did not go out, with the provider's own behind it."""
    if isinstance(error, DeliveryRefusedError):
        cause = Cause.TOKEN_DEAD if error.breaks_connection else Cause.REFUSED
        return f"{cause}:{error.code}"[:80] if error.code else str(cause)
    return str(Cause.NOT_IN_TIME if isinstance(error, DeliveryNotNowError) else Cause.NOT_SEEN)


def words(cause: str, provider: str) -> str:
    """What members of the workspace read about it, in the past tense. provider: its name."""
    code, _colon, detail = cause.partition(":")
    if code == Cause.REFUSED:
        return refusal(provider, detail)
    if code in WORDS:
        return str(WORDS[code]) % {"channel": provider_named(provider).label}
    return reasons.words(cause)


def right_now(error: DeliveryError, provider: str) -> str:
    """The same in the present tense, for whoever has just asked for something."""
    channel = {"channel": provider_named(provider).label}
    if isinstance(error, DeliveryNotNowError):
        words = gettext("%(channel)s cannot be reached, or takes no more messages right now. Try again in a minute.")
    elif not isinstance(error, DeliveryRefusedError):
        words = gettext("%(channel)s did not confirm the message. Look there before you send it again.")
    elif error.breaks_connection:
        words = gettext("%(channel)s no longer lets Roster in. Connect %(channel)s again under Channels.")
    else:
        return refusal(provider, error.code)
    return words % channel


def refusal(provider: str, code: str) -> str:
    """Why a provider took no message, as far as its code says."""
    its = provider_named(provider)
    known = its.refusals.get(code)
    if known:
        return str(known)
    if not code:
        return gettext("%(channel)s did not take the message.") % {"channel": its.label}
    return gettext("%(channel)s did not take the message (%(code)s).") % {"channel": its.label, "code": code}
