"""What a provider can do, for the code that would otherwise assume it."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Capabilities:
    """Declared by each provider.

    threads: people talk to each other there, in threads, and mention the employee.
    delivery_updates: it says later what became of a message.
    looks_up_every: the shortest time between two calls of `Provider.find` for one connection; None if the provider has
    no look-up, so that a lost message stays unclear until a delivery update comes.
    session_scope: the permission of a connection with which each thread of a direct message is a conversation of its
    own (`InboundMessage.session`).
    shows_progress: people see how far the employee is, by `Provider.progress`. shows_receipt: also as soon as a message
    to it is stored, before a worker takes it up.
    """

    threads: bool = False
    delivery_updates: bool = False
    looks_up_every: timedelta | None = None
    session_scope: str = ""
    shows_progress: bool = False
    shows_receipt: bool = False
