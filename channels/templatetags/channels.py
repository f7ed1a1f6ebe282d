"""What templates say of a provider that a row names."""

from django import template

from channels.models import Connection, PlaceChoice
from channels.providers.registry import installed

register = template.Library()


@register.filter
def channel_label(provider: str) -> str:
    """The name that people know; of a provider that CHANNEL_PROVIDERS no longer lists, what rows call it."""
    its = installed(provider)
    return its.label if its else provider.title()


@register.filter
def channel_icon(provider: str) -> str:
    """The name of the icon that stands for it."""
    its = installed(provider)
    return its.icon if its else "plug"


@register.filter
def has_threads(provider: str) -> bool:
    """Do people talk to each other there, in threads?"""
    its = installed(provider)
    return its is not None and its.capabilities.threads


@register.filter
def account_words(connection: Connection) -> str:
    """An outside account's id, as its provider words it."""
    its = installed(connection.provider)
    return its.account_words(connection.external_id) if its else connection.external_id


@register.filter
def page_url(connection: Connection) -> str:
    """The address of a page of our own where people write; empty if they write elsewhere."""
    its = installed(connection.provider)
    return its.account_url(connection.external_id) if its and its.capabilities.is_hosted else ""


@register.simple_tag
def chosen_at(connection: Connection) -> list[PlaceChoice]:
    """The places of a connection where somebody of their own is chosen, in the open scope."""
    chosen = PlaceChoice.objects.filter(connection=connection, agent__deleted_at=None).select_related("agent")
    return list(chosen.order_by("label", "place"))
