"""The Web API methods of the sandbox Slack, by name. They import `state`."""

from typing import Final

from sandbox.slack.methods import access, agents, chat, conversations, people
from sandbox.slack.methods.calls import Method

METHODS: Final[dict[str, Method]] = {
    **access.METHODS,
    **agents.METHODS,
    **chat.METHODS,
    **conversations.METHODS,
    **people.METHODS,
}
