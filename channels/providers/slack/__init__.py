"""Slack: events in, messages out, installation through OAuth. https://docs.slack.dev/

An installation starts with a stored state that belongs to one workspace, works once, for ten minutes, and, when a
session asked for it, only in that user's browser. Bolt's flow exchanges the code, using our own stores.

It imports providers.base and models; the registry and the edges import it.
"""

from channels.providers.slack.client import Slack

__all__ = ["Slack"]
