"""What became of an AI employee's messages, in words for members. An apology is not an answer, even if it arrived."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import FilteredRelation, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.models import Conversation, Run, Turn
from channels import reasons
from channels.messages.lookups import LOOK_UPS_FOR
from channels.models import Delivery, InboxEvent
from channels.providers.registry import installed, provider_named
from channels.providers.shapes import openers

State = Delivery.State
WORST_FIRST = (State.FAILED, State.UNKNOWN, State.SENDING, State.PENDING, State.SENT)
"""Of an answer in several parts, the page shows the one that fared worst."""
INSTEAD = {
    State.SENT: gettext_lazy("People got the message above instead."),
    State.FAILED: gettext_lazy("The message above did not arrive either."),
    State.UNKNOWN: gettext_lazy("We don't know whether the message above arrived."),
}
ON_ITS_WAY = gettext_lazy("The message above is on its way.")


class Answer(StrEnum):
    """What an employee's message is."""

    ANSWERED = "answered"
    UNAVAILABLE = "unavailable"
    APOLOGISED = "apologised"


@dataclass(frozen=True)
class Fate:
    """delivery: a state of channels.models.Delivery, or "" if there was nothing to send.

    reason: why it is not an answer, or "". detail: what else there is to know about its way.
    is_told_more: the provider says later whether it reached the person; delivered_at is when all of it had, read_at
    when the person had read all of it.
    """

    delivery: str = ""
    reason: str = ""
    detail: str = ""
    is_told_more: bool = False
    delivered_at: datetime | None = None
    read_at: datetime | None = None

    @property
    def needs_a_look(self) -> bool:
        """Is it anything but an answer that arrived, or is on its way?"""
        return bool(self.reason) or self.delivery in {State.FAILED, State.UNKNOWN}


def kind_of(run: Run) -> Answer:
    """Is what was said in this run an answer, or a message in place of one?"""
    if run.is_answer:
        return Answer.ANSWERED
    is_unavailable = run.state in {Run.State.REFUSED, Run.State.ANSWERED}
    return Answer.UNAVAILABLE if is_unavailable else Answer.APOLOGISED


def why(run: Run | None, provider: str) -> str:
    """Why a run brought no answer; "" if it did, or if there was none."""
    return "" if run is None or run.is_answer else reasons.words(run.cause, provider)


def of_turn(turn: Turn, parts: Sequence[Delivery], provider: str) -> Fate:
    """What became of a turn that was sent. parts: its deliveries; provider: the conversation's channel."""
    worst = min(parts, key=lambda part: WORST_FIRST.index(State(part.state)), default=None)
    state = worst.state if worst else ""
    reason = why(turn.run, provider)
    if reason:
        return Fate(state, reason, str(INSTEAD.get(State(state), ON_ITS_WAY)) if state else "")
    if state == State.SENT:
        its = installed(provider)
        is_told_more = its is not None and its.capabilities.delivery_updates
        reached, read = _last([part.delivered_at for part in parts]), _last([part.read_at for part in parts])
        return Fate(state, "", "", is_told_more, reached, read)
    return Fate(state, "", _about(worst, provider) if worst else "")


def _last(times: Sequence[datetime | None]) -> datetime | None:
    """The last of them; None if one is missing."""
    known = [each for each in times if each]
    return max(known) if len(known) == len(times) else None


def _about(part: Delivery, provider: str) -> str:
    if part.state == State.FAILED:
        return _why_not(part, provider)
    if part.state != State.UNKNOWN:
        return ""
    its = provider_named(provider)
    if its.capabilities.looks_up_every is None:
        words = _("%(channel)s did not confirm it so far. Roster does not send it again, so that nobody gets it twice.")
    elif _is_given_up(part, timezone.now()):
        words = _("%(channel)s did not confirm it, and Roster could not look it up for an hour. Look there yourself.")
    else:
        words = _("%(channel)s did not confirm it. Roster looks it up before it sends anything again.")
    return words % {"channel": its.label}


def _why_not(part: Delivery, provider: str) -> str:
    why, template = reasons.words(part.cause, provider), openers.of(part.address)
    if template is None:
        return why
    words = _("%(why)s The template is %(name)s (%(language)s).")
    return words % {"why": why, "name": template.name, "language": template.language}


def _is_given_up(part: Delivery, now: datetime) -> bool:
    return part.unknown_since is not None and part.unknown_since <= now - LOOK_UPS_FOR


def of_conversation(conversation: Conversation, turns: Iterable[Turn]) -> dict[UUID, Fate]:
    """The fates of what was sent, or was to be, among these turns of one conversation, by the turns' ids."""
    said = list(turns)
    parts = _parts(said)
    sent = [turn for turn in said if turn.run or turn.id in parts]
    return {turn.id: of_turn(turn, parts.get(turn.id, []), conversation.channel) for turn in sent}


def to_look_at(conversations: Sequence[Conversation]) -> dict[UUID, Fate]:
    """Of these conversations those whose last word needs a look, with what became of it. One statement for all."""
    newest = Turn.objects.filter(conversation=OuterRef("id")).order_by("-said_at", "-id").values("id")[:1]
    ids = Conversation.objects.filter(id__in=[each.id for each in conversations]).annotate(last=Subquery(newest))
    with_parts = Turn.objects.filter(id__in=ids.values("last")).annotate(part=FilteredRelation("deliveries"))
    turns: dict[UUID, Turn] = {}
    parts: dict[UUID, list[Delivery]] = {}
    found = with_parts.select_related("run", "event", "part")  # type: ignore[misc]  # the plugin knows no such relation
    for turn in found.order_by("part__sequence"):
        turns[turn.conversation_id] = turn
        part: Delivery | None = getattr(turn, "part", None)
        if part:
            parts.setdefault(turn.id, []).append(part)
    channels = {each.id: each.channel for each in conversations}
    fates = {key: _last_fate(turn, parts.get(turn.id, []), channels[key]) for key, turn in turns.items()}
    return {key: fate for key, fate in fates.items() if fate.needs_a_look}


def _last_fate(turn: Turn, parts: Sequence[Delivery], channel: str) -> Fate:
    if turn.run or parts:
        return of_turn(turn, parts, channel)
    event = getattr(turn, "event", None)
    if event is None or event.state != InboxEvent.State.FAILED:
        return Fate()
    return Fate("", reasons.words(event.cause, channel))


def _parts(turns: Sequence[Turn]) -> dict[UUID, list[Delivery]]:
    found: dict[UUID, list[Delivery]] = {}
    for part in Delivery.objects.filter(turn__in=[turn.id for turn in turns]).order_by("sequence"):
        found.setdefault(part.turn_id, []).append(part)
    return found
