"""What people say and do at a provider, read and verified."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from channels.providers.shapes.files import InboundFile
from channels.providers.shapes.sending import Address
from tenants.wordings import NOTHING, Reason


@dataclass(frozen=True)
class InboundMessage:
    """Something that a person said.

    key names the message itself, since several events may be about it. position orders messages within a thread.
    is_addressed: by itself it is meant for the employee (a mention, a direct message), not only as part of a thread.
    thread_ids: the conversation it belongs to: the first that is already known, else the last one.
    session: its conversation where the connection has sessions (`Capabilities.session_scope`), instead of thread_ids.
    within: where it is said, if that is more than its conversation, such as a direct message with threads.
    mentions_others: it names somebody else, so within a thread it is for the employee only if it names that too.
    is_author_unsure: only the provider can tell whether a person wrote it (`Provider.is_person`).
    is_readable: its text has words, not only notes about what the employee cannot see or hear.
    author_name: what the author is called, if the provider brings it along: nobody has to ask for it then.
    formerly: other ids of the author, under which they and their conversation may be known from before.
    where: which of its provider's places it was said in, as `Provider.places` names them, or `base.DIRECT`; operators
    can choose who answers there.
    files: what came with it, still to be fetched (`media.BringsFiles`).
    """

    key: str
    thread_ids: Sequence[str]
    is_addressed: bool
    author: str
    text: str
    position: Decimal
    said_at: datetime
    address: Address
    title: str = ""
    mentions_others: bool = False
    is_author_unsure: bool = False
    is_readable: bool = True
    within: str = ""
    session: str = ""
    author_name: str = ""
    formerly: Sequence[str] = ()
    where: str = ""
    files: Sequence[InboundFile] = ()

    @property
    def place(self) -> str:
        """What is said in one place is heard by one worker at a time, in the provider's order."""
        return self.within or self.thread_ids[-1]


@dataclass(frozen=True)
class Edit:
    """A person changed what they said: `message` is all of it as it reads now, under the key that it always had.

    payload: an event that reads as if they had written it so from the start, without the words that it replaces.
    version orders the edits of one message. edited_at: when.
    """

    message: InboundMessage
    payload: str
    version: Decimal
    edited_at: datetime

    @property
    def key(self) -> str:
        """Which message it is about."""
        return self.message.key

    def as_said_now(self) -> InboundMessage:
        """The message as if it had been said at the time of the edit."""
        return replace(self.message, position=self.version, said_at=self.edited_at)


@dataclass(frozen=True)
class Deletion:
    """A message was deleted at the provider, or has no words left. key: which message."""

    key: str


@dataclass(frozen=True)
class Moved:
    """The provider knows a person, and their conversation, by another id from now on. old: all earlier ones."""

    old: Sequence[str]
    new: str


@dataclass(frozen=True)
class Stop:
    """A person no longer wants the answer that is being made.

    thread_id: the conversation, as in `InboundMessage.thread_ids` or `session`; address: that of its messages.
    position: the provider's order at that time: what is said later is answered; None: all so far.
    """

    thread_id: str
    address: Address
    position: Decimal | None = None


@dataclass(frozen=True)
class InboundEvent:
    """One event from a provider, read and verified. `message` is None if there is nothing to answer.

    correction: an earlier message was changed or deleted. It may arrive before the message does.
    moved: somebody has another id now. stop: the answer that is being made is not wanted.
    reason: why nobody answers it, if `message` is None.
    """

    provider: str
    account: str
    event_id: str
    kind: str
    payload: str
    message: InboundMessage | None = None
    correction: Edit | Deletion | None = None
    moved: Moved | None = None
    stop: Stop | None = None
    ends_connection: bool = False
    occurred_at: datetime | None = None
    reason: Reason = field(default=NOTHING, compare=False)
    is_test: bool = False

    @property
    def changes_something(self) -> bool:
        """Is it about something earlier, and not only to be stored?"""
        return self.ends_connection or any((self.correction, self.moved, self.stop))


@dataclass(frozen=True)
class Inbound:
    """One item of a verified request, for the first of these accounts that is connected; the others are other people's.

    read: the event in it, as the connection with this bot_user_id sees it. Raises webhooks.MalformedError.
    """

    accounts: tuple[str, ...]
    read: Callable[[str], InboundEvent] = field(repr=False)
