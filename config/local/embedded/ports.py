"""Ports on the loopback address."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the range from which Linux (32768-) and macOS (49152-) take ports for outgoing connections,
# so that a restart finds the port as free as it left it.
CANDIDATES = range(15000, 32000)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose_free() -> int:
    """A free port, picked at random so that two starts at the same moment do not meet."""
    while not is_free(port := random.choice(CANDIDATES)):  # noqa: S311 - a port is no secret
        continue
    return port
