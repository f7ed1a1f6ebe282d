"""What a connection lets us call its provider with."""

from channels.models import Connection
from channels.providers.base import Account


def account_of(connection: Connection) -> Account:
    """What a provider call needs, detached from the database."""
    token = connection.token.reveal() if connection.token else ""
    return Account(token, connection.bot_user_id, connection.installer_id)
