"""How a connection is: what a probe of it found, whose move it is, and what one button can do about it.

A provider declares its probes (`base.Provider.probes`); those that need no provider are in channels/health/.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format

from channels.models.probes import Move, State, Verb
from tenants.wordings import NOTHING, Detail, Reason, Wording

__all__ = ["PROBE_SECONDS", "Fix", "History", "Move", "Result", "State", "Verb", "shown"]
PROBE_SECONDS = 4
"""The longest that a probe waits for one answer."""


@dataclass(frozen=True)
class Fix:
    """One button. url: where OPEN leads, at the provider."""

    verb: Verb = Verb.NONE
    url: str = ""


@dataclass(frozen=True)
class Result:
    """What one probe found.

    probe: its name, whose code identifies it. seen: what we saw. means: what it means for people; empty if it passes.
    breaks: while it fails, nobody gets an answer here. Times in a reason are ISO texts, named `at` or `…_at`.
    """

    probe: Wording
    state: State
    seen: Reason
    means: Reason = NOTHING
    move: Move = Move.NOBODYS
    fix: Fix = field(default_factory=Fix)
    breaks: bool = False


@dataclass(frozen=True)
class History:
    """What our own records say of a connection, for its provider's probes. Detached from the database.

    scopes: those that it was given. reported: what the provider reported in events without a message, by its reason's
    code. refused: the codes with which it took no message. Both of the last week, with the time of the last one.
    """

    connection_id: UUID
    external_id: str
    scopes: str = ""
    reported: Mapping[str, tuple[datetime, Reason]] = field(default_factory=dict)
    refused: Mapping[str, datetime] = field(default_factory=dict)
    last_heard_at: datetime | None = None
    last_sent_at: datetime | None = None

    def refused_since_sent(self, code: str) -> datetime | None:
        """When it last refused a message for this, if nothing has gone out since."""
        at = self.refused.get(code)
        return at if at and (self.last_sent_at is None or at > self.last_sent_at) else None


def shown(reason: Reason) -> str:
    """The sentence as people read it: its times in the active time zone and language."""
    return str(replace(reason, details={name: _shown(name, value) for name, value in reason.details.items()}))


def _shown(name: str, value: Detail) -> Detail:
    if not isinstance(value, str) or not (name == "at" or name.endswith("_at")):
        return value
    try:
        return date_format(timezone.localtime(datetime.fromisoformat(value)), "j F Y, H:i")
    except ValueError:
        return value
