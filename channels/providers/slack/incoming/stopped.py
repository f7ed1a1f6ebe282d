"""Somebody pressed the button to stop. https://docs.slack.dev/reference/events/agent_session_stopped"""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from channels.providers.base import Stop
from channels.providers.slack.incoming.ids import GivenId, Timestamp

TYPE = "agent_session_stopped"


class _Stopped(BaseModel):
    """What must be there."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")
    channel: GivenId
    thread_ts: Timestamp
    event_ts: Timestamp


def read(event: object) -> Stop:
    """What is to be stopped. Raises pydantic.ValidationError."""
    told = _Stopped.model_validate(event)
    address = {"channel": told.channel, "thread_ts": told.thread_ts}
    return Stop(f"{told.channel}:{told.thread_ts}", address, Decimal(told.event_ts))
