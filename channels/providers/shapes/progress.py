"""How far an AI employee is with what people said to it, as a provider may show them."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Progress:
    """What people are shown where they wrote.

    title: of the conversation, where it is known. message_id: `InboundMessage.key` of the newest message that it is
    about, such as to mark it as read; asked_by: its author, by the provider's id. Both may be empty.
    """

    class What(StrEnum):
        """RECEIVED and WORKING are followed by one of the others, unless a process dies: then another one goes on.

        RECEIVED: the message is stored, and nobody has taken it up yet. WAITING: the LLM failed or the worker stops, so
        another try follows. DONE: nothing is being done any more, whether there was an answer or not. FAILED: there
        will be no answer.
        """

        RECEIVED = "received"
        WORKING = "working"
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"

    what: What
    title: str = ""
    message_id: str = ""
    asked_by: str = ""
