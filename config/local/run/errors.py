"""What stops a start."""


class StartError(Exception):
    """The start cannot go on; the message is one sentence with the thing and the fix."""
