"""Writing to people on the business's own account: how long they may be written to freely, and with what after that.

It imports models, providers and connections; messages, the edges and privacy import it.
"""
