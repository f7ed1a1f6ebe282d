"""Why an AI employee did not answer: a code that is kept, and its words for the members of the workspace.

What stands beside a code (Run.error, InboxEvent.reason, Delivery.error) are technical words, for staff and logs.
Whoever owns a bakery has no key to check and no server to start, so members never read those: the words here say what
happened, and whose move it is.
"""

from collections.abc import Mapping
from enum import StrEnum

from agents.llm.calls import LLMBusyError, LLMError, LLMRefusedError, LLMSilentError, LLMTooLongError, UnexpectedError
from billing import quota
from tenants import incidents, wordings
from usage.ledger.meter import BudgetExceededError
from usage.prices import UnknownPriceError


class Cause(StrEnum):
    """A code. Further words of the cause may follow it after a colon, such as a provider's own error code."""

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
    WORKER_DIED = "worker_died"
    OWN_ERROR = "own_error"
    UNKNOWN = ""


OURS = frozenset(
    {Cause.NO_PRICE, Cause.LLM_REFUSED, Cause.LLM_BUSY, Cause.LLM_LOST, Cause.WORKER_DIED, Cause.OWN_ERROR}
)
"""Nobody in the workspace can mend these: staff are told."""
TOLD = "That is on our side: there is nothing for you to change, and Roster's staff were told."
WORDS: Mapping[str, str] = {
    Cause.UNPAID: "The subscription let nobody work.",
    Cause.NO_SEAT: "It had no seat.",
    Cause.PAUSED: "It was paused here in the portal.",
    Cause.CLOSING: "This workspace was going to be deleted.",
    Cause.NO_CREDIT: "The credit had too little left for an answer.",
    Cause.NO_PRICE: f"The price of its AI model is not known. {TOLD}",
    Cause.LLM_REFUSED: f"The AI service behind Roster refused to answer. {TOLD}",
    Cause.LLM_BUSY: f"The AI service behind Roster could not be reached, or was overloaded. {TOLD}",
    Cause.LLM_LOST: f"The AI service behind Roster gave no usable answer. {TOLD}",
    Cause.NO_TEXT: "The AI service behind Roster gave back no text: a limit or a filter of its own kept it back.",
    Cause.TOO_LONG: "Its instructions and the conversation are too long for its AI model. Shorter instructions help.",
    Cause.LOOP: "So many answers in a short time look like two machines talking. It goes on by itself after a while.",
    Cause.OWN_ERROR: f"Something went wrong in Roster. {TOLD}",
    Cause.WORKER_DIED: f"Roster was interrupted while it worked on the answer. {TOLD}",
    Cause.UNKNOWN: "The reason was not recorded.",
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


def is_ours(cause: str) -> bool:
    """Is it the platform's to mend?"""
    return cause.partition(":")[0] in OURS


def words(cause: str) -> str:
    """What members of the workspace read about it, in the past tense: for one message, whatever holds by now."""
    return WORDS.get(cause.partition(":")[0], WORDS[Cause.UNKNOWN])


def tell_staff(cause: str, detail: str) -> None:
    """If it is the platform's to mend. detail: the technical words. Open no scope around this, or a short one."""
    if is_ours(cause):
        incidents.report(cause, wordings.TOLD(text=detail))
