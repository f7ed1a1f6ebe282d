"""What a provider can do, for the code that would otherwise assume it."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Capabilities:
    """Declared by each provider.

    threads: people talk to each other there, in threads, and mention the employee.
    markdown: it renders Markdown. typing: it shows that an answer is coming.
    edits: its people can change or delete what they said.
    own_name: each message can have a name of its own, such as the employee's.
    delivery_updates: it says later what became of a message.
    looks_up_every: the shortest time between two calls of `Provider.find` for one connection; None if the provider has
    no look-up, so that a lost message stays unclear until a delivery update comes.
    """

    threads: bool = False
    markdown: bool = False
    typing: bool = False
    edits: bool = False
    own_name: bool = False
    delivery_updates: bool = False
    looks_up_every: timedelta | None = None
