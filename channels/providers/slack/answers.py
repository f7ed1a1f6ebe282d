"""What we read of the Web API's answers. A field that is missing or odd is found here, and nowhere later."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from slack_sdk.web import SlackResponse

from channels.providers.base import OutcomeUnknownError
from channels.providers.slack import wordings

Timestamp = Annotated[str, StringConstraints(pattern=r"^\d{1,11}\.\d{1,6}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class Posted(Answer):
    """chat.postMessage: without `ts` nobody knows what became of the message."""

    ts: Timestamp


class _Channel(Answer):
    id: Text


class _Named(_Channel):
    name: Text


class Channels(Answer):
    """users.conversations."""

    channels: list[_Named]


class Opened(Answer):
    """conversations.open."""

    channel: _Channel


class _Message(Answer):
    ts: Timestamp
    metadata: Any = None

    @property
    def delivery_id(self) -> str:
        payload = self.metadata.get("event_payload") if isinstance(self.metadata, dict) else None
        return str(payload.get("delivery_id", "")) if isinstance(payload, dict) else ""


class Messages(Answer):
    """conversations.replies and conversations.history."""

    messages: list[_Message]
    has_more: bool = False

    def of_delivery(self, delivery_id: str) -> str | None:
        """The ts of the message that carries this id."""
        return next((each.ts for each in self.messages if each.delivery_id == delivery_id), None)


class _User(Answer):
    profile: Any = None
    real_name: Any = None
    is_bot: Any = None
    is_workflow_bot: Any = None


class Person(Answer):
    """users.info."""

    user: _User

    @property
    def is_machine(self) -> bool:
        """A bot user says that it is one."""
        return bool(self.user.is_bot or self.user.is_workflow_bot)

    @property
    def name(self) -> str:
        """The display name, as Slack shows it, else the full name; empty if there is none."""
        profile = self.user.profile if isinstance(self.user.profile, dict) else {}
        names = (profile.get("display_name"), profile.get("real_name"), self.user.real_name)
        return next((name for name in names if isinstance(name, str) and name), "")


A = TypeVar("A", bound=Answer)


def read(shape: type[A], response: SlackResponse) -> A:
    """An answer in its shape. Otherwise nobody knows what Slack did: raises OutcomeUnknownError, naming the field."""
    try:
        return shape.model_validate(response.data)
    except ValidationError as error:
        place = ".".join(str(each) for each in error.errors()[0]["loc"]) or "everything"
        method = response.api_url.rpartition("/")[2]
        raise OutcomeUnknownError(wordings.UNDOCUMENTED(method=method, field=place)) from error
