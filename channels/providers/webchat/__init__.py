"""Web chat: a page of our own for each connection, at /chat/<its id>/, where visitors write without any account.

An account is the connection's own id, which is random, and so is the page's address. A visitor is one conversation.
There is nobody to send an answer to: the delivery's row is what the page shows, so it is there once, or not at all.

It imports providers.base, hosting and writing; the registry imports it. The page is channels/web/chat.
"""

from channels.providers.webchat.client import WebChat

__all__ = ["WebChat"]
