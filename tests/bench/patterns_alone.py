"""The patterns part of the bench, in its own process: it needs the product's settings; the others must not."""

import importlib
import os
import sys

import django

import tests.environment  # noqa: F401 - sets what the settings read
from tests.bench.figures import table


def main() -> None:
    """Measure and print. Status 1 if a pattern's time isn't linear."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    patterns = importlib.import_module("tests.bench.patterns")  # late, since it imports models
    found = patterns.measure()
    table("Patterns and readers of outside text, the slowest input", patterns.HEAD, patterns.rows(found))
    sys.exit(0 if patterns.report(found, as_json=os.environ.get("JSON") == "1") else 1)


if __name__ == "__main__":
    main()
