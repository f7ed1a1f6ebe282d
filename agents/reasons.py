"""Why an AI employee did not answer: a code that is kept, and its words for the members of the workspace.

Beside the code stands a technical sentence (Run.error, InboxEvent.reason, Delivery.error) for staff and logs. Members
never read it: the owner of a bakery has no key to check and no server to start. They read the words here, which say
what happened and whose move it is.
"""

from collections.abc import Mapping
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents.llm.calls import LLMBusyError, LLMError, LLMRefusedError, LLMSilentError, LLMTooLongError, UnexpectedError
from billing import quota
from tenants import incidents
from tenants.wordings import TOLD, Reason
from usage.ledger.meter import BudgetExceededError
from usage.prices import UnknownPriceError


class Cause(StrEnum):
    """A code. More about the cause may follow after a colon, such as a provider's own error code."""

    UNPAID = "unpaid"
    NO_SEAT = "no_seat"
    PAUSED = "paused"
    CLOSING = "closing"
    NO_CREDIT = "no_credit"
    NO_PRICE = "no_price"
    LLM_REFUSED = "llm_refused"
    LLM_BUSY = "llm_busy"
    LLM_LOST = "llm_lost"
    NO_TEXT = "no_text"
    TOO_LONG = "too_long"
    LOOP = "loop"
    TOO_FAST = "too_fast"
    WORKER_DIED = "worker_died"
    OWN_ERROR = "own_error"
    UNKNOWN = ""


OURS = frozenset(
    {Cause.NO_PRICE, Cause.LLM_REFUSED, Cause.LLM_BUSY, Cause.LLM_LOST, Cause.WORKER_DIED, Cause.OWN_ERROR}
)
"""Nobody in the workspace can fix these: staff are told."""
WORDS: Mapping[str, Promise] = {
    Cause.UNPAID: _("Without a subscription in good standing, nobody worked here."),
    Cause.NO_SEAT: _("It had no seat."),
    Cause.PAUSED: _("It was paused here in the portal."),
    Cause.CLOSING: _("This workspace was going to be deleted."),
    Cause.NO_CREDIT: _("Too little credit was left for an answer."),
    Cause.NO_PRICE: _(
        "Roster has no price for its AI model. That is on our side: you don't need to change anything, and Roster's "
        "staff have been told."
    ),
    Cause.LLM_REFUSED: _(
        "The AI service behind Roster refused to answer. That is on our side: you don't need to change anything, and "
        "Roster's staff have been told."
    ),
    Cause.LLM_BUSY: _(
        "The AI service behind Roster could not be reached, or was overloaded. That is on our side: you don't need to "
        "change anything, and Roster's staff have been told."
    ),
    Cause.LLM_LOST: _(
        "The AI service behind Roster gave no usable answer. That is on our side: you don't need to change anything, "
        "and Roster's staff have been told."
    ),
    Cause.NO_TEXT: _("The AI service behind Roster sent no text, because of one of its own limits or filters."),
    Cause.TOO_LONG: _(
        "Its instructions and the conversation are too long for its AI model. Shorter instructions help."
    ),
    Cause.LOOP: _(
        "So many answers in a short time look like two machines talking. It starts again by itself after a while."
    ),
    Cause.TOO_FAST: _(
        "More messages came within a minute than the limit allows. What came meanwhile is answered together when the "
        "minute is over."
    ),
    Cause.OWN_ERROR: _(
        "Something went wrong in Roster. That is on our side: you don't need to change anything, and Roster's staff "
        "have been told."
    ),
    Cause.WORKER_DIED: _(
        "Roster was interrupted while it worked on the answer. That is on our side: you don't need to change anything, "
        "and Roster's staff have been told."
    ),
    Cause.UNKNOWN: _("The reason was not recorded."),
}
KINDS: tuple[tuple[type[Exception], Cause], ...] = (
    (quota.NoSeatError, Cause.NO_SEAT),
    (quota.NotEntitledError, Cause.UNPAID),
    (quota.PausedError, Cause.PAUSED),
    (quota.ClosingError, Cause.CLOSING),
    (BudgetExceededError, Cause.NO_CREDIT),
    (UnknownPriceError, Cause.NO_PRICE),
    (LLMTooLongError, Cause.TOO_LONG),
    (LLMSilentError, Cause.NO_TEXT),
    (UnexpectedError, Cause.OWN_ERROR),
    (LLMRefusedError, Cause.LLM_REFUSED),
    (LLMBusyError, Cause.LLM_BUSY),
    (LLMError, Cause.LLM_LOST),
)


def cause_of(error: Exception) -> Cause:
    """The code of what kept an answer back."""
    return next((cause for kind, cause in KINDS if isinstance(error, kind)), Cause.UNKNOWN)


def reason_of(error: Exception) -> Reason:
    """The technical sentence of the same, to be stored. An error that carries no Reason is kept word for word."""
    reason = getattr(error, "reason", None)
    return reason if isinstance(reason, Reason) else TOLD(text=str(error))


def is_ours(cause: str) -> bool:
    """Is it the platform's to fix?"""
    return cause.partition(":")[0] in OURS


def words(cause: str) -> str:
    """What members read about it, in the past tense: it is about one message, whatever holds by now."""
    return str(WORDS.get(cause.partition(":")[0], WORDS[Cause.UNKNOWN]))


def tell_staff(cause: str, reason: Reason) -> None:
    """If it is the platform's to fix. reason: the technical sentence. Open no scope around this, or a short one."""
    if is_ours(cause):
        incidents.report(cause, reason)
