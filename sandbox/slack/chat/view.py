"""What the chat page shows: which workspace, as which person, which conversation; all of it is in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from sandbox.slack.state.apps import PLATFORM, Registered
from sandbox.slack.state.peer import Slack
from sandbox.slack.state.records import SPOKEN, Channel, Message, Person, Token, Workspace


@dataclass(frozen=True)
class View:
    """A view of a workspace. `thread` is the `ts` of the open thread, `editing` the person's message being edited.

    `app` is the one whose direct message this is, elsewhere the platform's, or the first that is installed.
    `forwarding` is the message named in the URL, by any author.
    """

    slack: Slack
    workspace: Workspace
    person: Person
    channel: Channel
    app: Registered
    bot: Person | None
    token: Token | None
    thread: str
    editing: Message | None
    mention: bool
    forwarding: Message | None = None

    @classmethod
    def of(cls, slack: Slack, query: Mapping[str, str]) -> View:
        """From a URL's query; anything missing falls back to the first. Raises KeyError without a workspace."""
        known = {workspace.id: workspace for workspace in slack.workspaces.all()}
        workspace = known.get(query.get("team", "")) or next(iter(known.values()), None)
        if workspace is None:
            raise KeyError("workspace")
        people = {person.id: person for person in slack.workspaces.people(workspace.id)}
        person = people.get(query.get("user", "")) or next(iter(people.values()))
        channel = _channel(slack, person, slack.workspaces.bot(workspace.id), query.get("channel", ""))
        app = _app(slack, channel)
        bot, token = slack.workspaces.bot(workspace.id, app.owner), slack.workspaces.token_of(workspace.id, app.owner)
        editing = _own(slack, channel, person, query.get("edit", ""))
        named = _message(slack, channel, query.get("edit", ""))
        thread, mention = query.get("thread", ""), "mention" in query
        return cls(slack, workspace, person, channel, app, bot, token, thread, editing, mention, named)

    @property
    def bot_is_here(self) -> bool:
        """Whether the app is installed and its bot is in this conversation."""
        return bool(self.token and self.token.user_id in self.slack.workspaces.members(self.channel.id))

    @property
    def names(self) -> dict[str, str]:
        """Names by user id, including the bot's."""
        people = self.slack.workspaces.people(self.workspace.id) + self.slack.workspaces.bots(self.workspace.id)
        return {person.id: person.real_name for person in people}

    @property
    def title(self) -> str:
        """The conversation's name: `#general`, or the other person's name."""
        if not self.channel.is_im:
            return f"#{self.channel.name}"
        others = [self.names.get(user, user) for user in self.slack.workspaces.members(self.channel.id)]
        return next((name for name in others if name != self.person.real_name), self.person.real_name)

    def query(self, **changes: str) -> str:
        """This view's query with changes; an empty value drops a parameter."""
        place = {"team": self.workspace.id, "user": self.person.id, "channel": self.channel.id, "thread": self.thread}
        return urlencode({key: value for key, value in (place | changes).items() if value})

    def url(self, path: str = "", **changes: str) -> str:
        """A URL below `/slack/chat/` for this view with changes."""
        return f"/slack/chat/{path}?{self.query(**changes)}"


def _channel(slack: Slack, person: Person, bot: Person | None, wanted: str) -> Channel:
    """The requested conversation if this person is in it, else #general."""
    if wanted == "dm" and bot:
        return slack.workspaces.direct_message(person.team_id, person.id, bot.id)[0]
    try:
        channel = slack.workspaces.channel(wanted, person.team_id)
        if not channel.is_im or person.id in slack.workspaces.members(channel.id):
            return channel
    except KeyError:
        pass
    return slack.workspaces.channel("general", person.team_id)


def _app(slack: Slack, channel: Channel) -> Registered:
    """The app that is spoken of in a conversation."""
    bots = {bot.id for bot in slack.workspaces.bots(channel.team_id)}
    here = next((user for user in slack.workspaces.members(channel.id) if user in bots), None)
    if channel.is_im and here:
        return slack.apps.owner_of(here)
    installed = (app for app in slack.apps.all() if slack.workspaces.token_of(channel.team_id, app.owner))
    return next(installed, slack.apps.owned_by(PLATFORM))


def _message(slack: Slack, channel: Channel, ts: str) -> Message | None:
    try:
        return slack.messages.get(channel.id, ts)
    except KeyError:
        return None


def _own(slack: Slack, channel: Channel, person: Person, ts: str) -> Message | None:
    message = _message(slack, channel, ts)
    is_own = message is not None and message.user_id == person.id and message.body.get("subtype") in SPOKEN
    return message if is_own else None
