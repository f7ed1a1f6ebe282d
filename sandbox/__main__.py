"""`python -m sandbox`: every peer in one process."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from typing import NoReturn

from granian.constants import Interfaces
from granian.server.embed import Server

from sandbox.app import create_app, stop_waiting
from sandbox.settings import Settings, SettingsError

logger = logging.getLogger("sandbox")
MOST_CONNECTIONS = 2_048
"""Granian's default is 128, which as many slow answers of an LLM would take up."""


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    app = create_app(settings)
    server = Server(
        app, port=settings.port, interface=Interfaces.ASGI, backpressure=MOST_CONNECTIONS, log_enabled=False
    )

    def stop() -> None:
        stop_waiting(app)
        server.stop()  # type: ignore[no-untyped-call]

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    logger.info("sandbox at http://127.0.0.1:%d, for %s", settings.port, ", ".join(sorted(settings.peers)))
    await server.serve()


def ports_in_use(settings: Settings) -> list[str]:
    """A sentence for each port that another process holds."""
    ports = {"SANDBOX_PORT": settings.port}
    if "mail" in settings.peers:
        ports["SANDBOX_SMTP_PORT"] = settings.smtp_port
    return [
        f"Port {port} is in use: stop what listens there, or set {name} to another port."
        for name, port in ports.items()
        if port and not _is_free(port)
    ]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def main() -> int:
    """Read the environment, check the ports, serve; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    problems = ports_in_use(settings)
    if problems:
        sys.stderr.write("\n".join(problems) + "\n")
        return 1
    asyncio.run(serve(settings))
    return 0


def leave(code: int) -> NoReturn:
    """End at once: granian's threads can outlive its server and abort a process whose Python is shutting down."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    leave(main())
