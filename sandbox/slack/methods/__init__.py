"""The Web API methods that the sandbox Slack has, by name."""

from typing import Final

from sandbox.slack.calls import Method
from sandbox.slack.methods import access, chat, conversations, people

METHODS: Final[dict[str, Method]] = {**access.METHODS, **chat.METHODS, **conversations.METHODS, **people.METHODS}
