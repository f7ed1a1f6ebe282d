"""How long people may be written to freely: some providers close a conversation a while after their last message."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Conversation
from channels.providers.base import WINDOW_CLOSED, DeliveryRefusedError
from channels.providers.registry import installed
from tenants.wordings import Wording

CLOSED = Wording("channels.window_closed", _("Not sent: the person wrote too long ago for %(channel)s to take it."))


@dataclass(frozen=True)
class Window:
    """closes_at: when it closes, or did. hours: how long it was open."""

    closes_at: datetime
    hours: int

    @property
    def is_open(self) -> bool:
        return timezone.now() < self.closes_at

    @property
    def is_tomorrow(self) -> bool:
        """Does it close on another day than today, in the active time zone? It is never longer than a day."""
        return timezone.localdate(self.closes_at) != timezone.localdate()


def of(conversation: Conversation) -> Window | None:
    """A conversation's window; None if people there may always be written to, or never wrote. No statement."""
    its = installed(conversation.channel)
    length = its.capabilities.window if its else None
    heard_at = conversation.last_heard_at
    return Window(heard_at + length, int(length.total_seconds() // 3_600)) if length and heard_at else None


def closed(channel: str) -> DeliveryRefusedError:
    """Why nothing is sent any more. channel: the provider's label."""
    return DeliveryRefusedError(CLOSED(channel=channel), code=WINDOW_CLOSED)
