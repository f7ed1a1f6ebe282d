"""What templates say of a provider that a row names."""

from django import template

from channels.providers.registry import provider_named

register = template.Library()


@register.filter
def channel_label(provider: str) -> str:
    """The name that people know."""
    return provider_named(provider).label


@register.filter
def has_threads(provider: str) -> bool:
    """Do people talk to each other there, in threads?"""
    return provider_named(provider).capabilities.threads
