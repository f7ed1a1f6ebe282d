"""Run with `make bench`, or `python -m tests.bench --help`."""

import argparse
import os
import sys
from typing import Any

from tests.bench.aims import say_json, show
from tests.bench.figures import load, say
from tests.bench.parts import PARTS


def main() -> None:
    """Measure and print. Fails if it can't measure, or if a pattern's time isn't linear; never for a missed aim."""
    given = _arguments()
    say(f"Before: {load()}.\n")
    figures: dict[str, Any] = {}
    for name, measure in PARTS.items():
        if not given.only or name in given.only:
            figures |= measure(given)
    show(figures)
    say(f"After: {load()}, this included.")
    if os.environ.get("JSON") == "1":
        say_json(figures)
    sys.exit(0 if figures.get("patterns_linear", True) else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=PARTS, nargs="+", help="default: all")
    parser.add_argument("--messages", type=int, default=60, help="one at a time, and the same number ten at once")
    parser.add_argument("--changes", type=int, default=50, help="seat changes at Stripe, per kind")
    parser.add_argument("--samples", type=int, default=100, help="timed log-ins per kind")
    parser.add_argument("--quiet", type=float, nargs="+", default=[0.0, 2.0], help="quiet periods in seconds")
    return parser.parse_args()


if __name__ == "__main__":
    main()
