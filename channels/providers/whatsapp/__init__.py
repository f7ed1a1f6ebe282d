"""WhatsApp: Meta's Cloud API. https://developers.facebook.com/documentation/business-messaging/whatsapp/

An account is a phone number id. A conversation is one person: whoever writes to the number, by the id that their
business-scoped user id is, or by their number where there is none. Meta has no look-up of a message that may have been
sent; it reports later what became of each, and carries the delivery's id there and back.

It imports providers.base and writing; the registry imports it.
"""

from channels.providers.whatsapp.client import WhatsApp

__all__ = ["WhatsApp"]
