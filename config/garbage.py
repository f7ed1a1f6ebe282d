"""Python's garbage collector in long-running processes.

What is loaded at the start stays until the end: a hundred thousand objects of Django and of the LLM SDKs. Each full
collection would look at all of them, hold every thread for a tenth of a second or more, and find nothing.
"""

import gc

YOUNG = 20_000
"""New objects before the youngest are looked at; Python's own 700 are fewer than one message makes."""


def keep_what_is_loaded() -> None:
    """Leave everything that exists now out of future collections, and collect less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
