"""The providers, by name: those that CHANNEL_PROVIDERS lists."""

from collections.abc import Collection, Mapping
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from channels.providers.base import Provider


def provider_named(name: str) -> Provider:
    """The provider with this name. Raises KeyError."""
    return _loaded(tuple(settings.CHANNEL_PROVIDERS))[name]


def installed(name: str) -> Provider | None:
    """The same; None for one that CHANNEL_PROVIDERS does not list any more, whose conversations are still here."""
    return _loaded(tuple(settings.CHANNEL_PROVIDERS)).get(name)


def providers() -> Collection[Provider]:
    """All of them, in the setting's order."""
    return _loaded(tuple(settings.CHANNEL_PROVIDERS)).values()


@cache
def _loaded(paths: tuple[str, ...]) -> Mapping[str, Provider]:
    found: list[Provider] = [import_string(path)() for path in paths]
    return {provider.name: provider for provider in found}
