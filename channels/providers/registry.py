"""The providers, by name."""

from channels.providers.base import Provider
from channels.providers.slack import Slack

_PROVIDERS: dict[str, Provider] = {provider.name: provider for provider in (Slack(),)}


def provider_named(name: str) -> Provider:
    """The provider with this name. Raises KeyError."""
    return _PROVIDERS[name]
