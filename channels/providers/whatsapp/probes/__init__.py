"""What is tried of a connected number: the facts asked of Meta (facts), what follows from them (look), and the words.

With an app of the operator's own, Meta tells its states to that app's address and never to us, so we ask.
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override/
"""

from channels.providers.whatsapp.probes.look import look, subscribe

__all__ = ["look", "subscribe"]
