"""What can go wrong with the embedded services."""


class EmbeddedError(Exception):
    """An embedded service cannot run; the message is one sentence with the thing and the fix."""
