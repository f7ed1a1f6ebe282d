"""Slack: events in, messages out, installation by OAuth. https://docs.slack.dev/"""

from channels.providers.slack.client import Slack

__all__ = ["Slack"]
