"""What templates say of a provider that a row names."""

from django import template

from channels.models import Connection
from channels.providers.base import Provider
from channels.providers.registry import provider_named

register = template.Library()


@register.filter
def channel_label(provider: str) -> str:
    """The name that people know; of a provider that CHANNEL_PROVIDERS no longer lists, what rows call it."""
    its = _known(provider)
    return its.label if its else provider.title()


@register.filter
def has_threads(provider: str) -> bool:
    """Do people talk to each other there, in threads?"""
    its = _known(provider)
    return its is not None and its.capabilities.threads


@register.filter
def account_words(connection: Connection) -> str:
    """An outside account's id, as its provider words it."""
    its = _known(connection.provider)
    return its.account_words(connection.external_id) if its else connection.external_id


def _known(name: str) -> Provider | None:
    try:
        return provider_named(name)
    except KeyError:
        return None
