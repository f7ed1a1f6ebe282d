"""How many messages a minute are taken up: of one person, on one connection, in a workspace.

What is over a limit is not lost. Its conversation waits for a minute, says so once, and then answers all that came by
then together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels import phrases
from channels.messages.limits.look import MINUTE, Look
from channels.models import InboxEvent, Thread
from tenants.wordings import Reason, Wording

OF_A_PERSON = Wording(
    "channels.rate_person", _("Waits: one person may have %(limit)s messages a minute answered. It goes on by itself.")
)
OF_A_CONNECTION = Wording(
    "channels.rate_connection",
    _("Waits: on one channel, %(limit)s messages a minute are answered. It goes on by itself."),
)
OF_A_WORKSPACE = Wording(
    "channels.rate_workspace",
    _("Waits: in one workspace, %(limit)s messages a minute are answered. It goes on by itself."),
)


@dataclass(frozen=True)
class Hold:
    """A conversation has to wait. is_told: whoever writes there knows it already."""

    until: datetime
    reason: Reason
    sentence: Promise
    is_told: bool


def hold_of(events: Sequence[InboxEvent], look: Look, now: datetime) -> Hold | None:
    """Must what waits in a conversation wait longer? What was taken up once, or is a test, never does.

    After its minute, all of it goes as soon as the limit has any room.
    """
    if any(event.is_test or event.taken_at for event in events):
        return None
    was_held = any(event.held_until for event in events)
    over = _over_a_limit(events, look, is_any_room_enough=was_held)
    if over is None:
        return None
    reason, sentence = over
    return Hold(look.told_until or now + MINUTE, reason, sentence, is_told=was_held or look.told_until is not None)


def join_holds(events: Sequence[InboxEvent], now: datetime) -> None:
    """What comes while its conversation waits, waits with it; in memory only."""
    for event in events:
        thread = event.thread if event.state == InboxEvent.State.PENDING else None
        if thread and is_held(thread, now) and not event.taken_at:
            event.held_until = event.held_until or thread.retry_at


def is_held(thread: Thread, now: datetime) -> bool:
    """Does it wait for its minute to end? A pause after a failure is something else."""
    return thread.is_waiting_to_retry(now) and not thread.failures


def _over_a_limit(
    events: Sequence[InboxEvent], look: Look, *, is_any_room_enough: bool
) -> tuple[Reason, Promise] | None:
    def is_over(limit: int, taken: int, new: int) -> bool:
        return limit > 0 and taken + (1 if is_any_room_enough else new) > limit

    of_person, of_connection, of_workspace = (
        settings.PERSON_MESSAGES_PER_MINUTE,
        settings.CONNECTION_MESSAGES_PER_MINUTE,
        settings.WORKSPACE_MESSAGES_PER_MINUTE,
    )
    wrote = {author: sum(event.author == author for event in events) for author in look.by_author}
    # Whoever writes slowly is answered, even in a thread with somebody who does not.
    if wrote and all(is_over(of_person, look.by_author[author], wrote[author]) for author in wrote):
        return OF_A_PERSON(limit=of_person), phrases.TOO_FAST
    if is_over(of_connection, look.by_connection, len(events)):
        return OF_A_CONNECTION(limit=of_connection), phrases.TOO_MANY
    if is_over(of_workspace, look.by_workspace, len(events)):
        return OF_A_WORKSPACE(limit=of_workspace), phrases.TOO_MANY
    return None
