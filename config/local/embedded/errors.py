"""Errors of the embedded services."""


class EmbeddedError(Exception):
    """An embedded service cannot run. The message is one sentence that names the problem and the fix."""
