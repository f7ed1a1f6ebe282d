"""Bot scopes in words, as a consent page shows them. Names: https://docs.slack.dev/reference/scopes"""

from typing import Final

WORDS: Final = {
    "app_mentions:read": "See messages that mention it directly",
    "assistant:write": "Act as an AI assistant and show what it is doing",
    "channels:history": "Read messages in public channels that it has been added to",
    "channels:join": "Join public channels",
    "channels:read": "See basic information about public channels",
    "chat:write": "Send messages as itself",
    "chat:write.customize": "Send messages under another name and picture",
    "chat:write.public": "Send messages to public channels it has not joined",
    "commands": "Add shortcuts and slash commands",
    "files:read": "See files shared where it has been added",
    "groups:history": "Read messages in private channels that it has been added to",
    "groups:read": "See basic information about private channels that it has been added to",
    "im:history": "Read direct messages that people send to it",
    "im:read": "See basic information about its direct messages",
    "im:write": "Start direct messages with people",
    "metadata.message:read": "Read the metadata of messages where it has been added",
    "mpim:history": "Read group direct messages that it has been added to",
    "mpim:read": "See basic information about its group direct messages",
    "reactions:read": "See reactions to messages",
    "reactions:write": "Add and remove reactions",
    "team:read": "See the workspace's name and address",
    "users:read": "See the people in the workspace",
    "users:read.email": "See the e-mail addresses of people in the workspace",
}


def parse(scope: str) -> tuple[str, ...]:
    """Split a `scope` parameter, by commas or spaces as Slack does."""
    return tuple(dict.fromkeys(scope.replace(",", " ").split()))


def unknown(scopes: tuple[str, ...]) -> list[str]:
    """The scopes that the sandbox Slack doesn't have for bots."""
    return [scope for scope in scopes if scope not in WORDS]
