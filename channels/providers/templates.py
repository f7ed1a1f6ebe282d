"""Each provider's own templates: in the folder `templates` beside its module, below its name."""

import sys
from collections.abc import Iterator
from pathlib import Path

from django.template.loaders import filesystem

from channels.providers.registry import providers


class Loader(filesystem.Loader):
    """Those of the providers that CHANNEL_PROVIDERS lists."""

    def get_dirs(self) -> list[str | Path]:
        """Looked up each time, as the setting says."""
        return list(_folders())


def _folders() -> Iterator[Path]:
    for provider in providers():
        module = sys.modules[type(provider).__module__]
        if module.__file__:
            yield Path(module.__file__).parent / "templates"
