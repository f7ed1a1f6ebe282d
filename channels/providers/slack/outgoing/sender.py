"""Who says a message in Slack: an employee's own name and picture, where the app may use them, else the app.

https://docs.slack.dev/reference/methods/chat.postMessage#authorship
"""

from channels.providers.shapes.sending import Account, Address, Outgoing

SCOPE = "chat:write.customize"
AS = "as"
"""In an address: Slack refused the employee's name or picture, so the message comes from the app."""
MISSING_SCOPE = "missing_scope"
REFUSED = {MISSING_SCOPE, "reserved_username", "invalid_icon_url", "not_allowed_token_type"}
LONGEST_NAME = 80


def shown(account: Account, message: Outgoing) -> dict[str, str]:
    """The arguments that every method takes which writes under a name; empty where the app writes under its own."""
    if message.sender is None or SCOPE not in account.scopes or AS in message.address:
        return {}
    name, picture = message.sender.name[:LONGEST_NAME].strip(), message.sender.picture_url
    return {"username": name, **({"icon_url": picture} if picture else {})}


def as_app(address: Address) -> dict[str, str]:
    """The same place, for a message that comes from the app."""
    return {**address, AS: "app"}
