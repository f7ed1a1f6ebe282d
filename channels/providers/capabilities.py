"""What a provider can do, for the code that would otherwise assume it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise


@dataclass(frozen=True)
class Charging:
    """A provider that bills its messages itself.

    billed_by: a sentence that says who bills whom. categories: what people read for `Charge.category`; another one is
    shown as the provider calls it. alarms: by category, what an operator has to know as soon as it is seen.
    """

    billed_by: Promise
    categories: Mapping[str, Promise]
    alarms: Mapping[str, Promise]


@dataclass(frozen=True)
class Capabilities:
    """Declared by each provider.

    threads: people talk to each other there, in threads, and mention the employee.
    own_names: each message can come under the name and the picture of the employee who says it.
    places: it has places, such as channels, for each of which somebody else can answer: see `Provider.places`.
    needs_function: its terms forbid assistants for general purposes, so an employee keeps to its business function.
    delivery_updates: it says later what became of a message.
    looks_up_every: the shortest time between two calls of `Provider.find` for one connection; None if the provider has
    no look-up, so that a lost message stays unclear until a delivery update comes.
    session_scope: the permission of a connection with which each thread of a direct message is a conversation of its
    own (`InboundMessage.session`).
    people_write_first: nobody gets a message there who has not written before, so whoever tests it writes first.
    is_hosted: people write on a page of our own, which channels/web/chat shows.
    topic_of: an answer is shown there while it is written: the topic (tenants.outbound.broadcast) under which those
    hear of it to whom an address leads; None if only whole answers are posted.
    shows_progress: people see how far the employee is, by `Provider.progress`. shows_receipt: also as soon as a message
    to it is stored, before a worker takes it up.
    window: how long after a person's last message they may be written to freely; None if always.
    templates: after that they may still be sent what the provider approved before: see `Provider.templates`.
    charging: what it says of the messages that it bills; None if it bills none.
    """

    threads: bool = False
    own_names: bool = False
    places: bool = False
    needs_function: bool = False
    delivery_updates: bool = False
    looks_up_every: timedelta | None = None
    session_scope: str = ""
    people_write_first: bool = False
    is_hosted: bool = False
    topic_of: Callable[[Mapping[str, str]], str] | None = None
    shows_progress: bool = False
    shows_receipt: bool = False
    window: timedelta | None = None
    templates: bool = False
    charging: Charging | None = None
