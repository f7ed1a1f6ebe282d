"""Ports on the loopback address."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the ports that Linux (32768-) and macOS (49152-) use for outgoing connections, so that the port is still free
# after a restart.
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
    """A free port, picked at random so that two simultaneous starts do not collide."""
    while not is_free(port := random.choice(CANDIDATES)):  # noqa: S311 - a port is not a secret
        continue
    return port
