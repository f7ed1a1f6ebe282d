"""Errors that stop a start."""


class StartError(Exception):
    """The start failed. The message is one sentence that names the problem and the fix."""
