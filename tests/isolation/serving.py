"""The web process as in production, with a test's database: granian with threads and the connection pool."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests import static
from tests.stack import ROOT
from tests.waiting import eventually, free_ports

THREADS = 24


@contextmanager
def web(**changes: str) -> Iterator[str]:
    """Run a web process; yields its URL. `changes` are environment variables such as DATABASE_URL."""
    environment, port = {**os.environ, "WEB_THREADS": str(THREADS), **changes}, free_ports(1)
    static.collect()
    command = [sys.executable, "-m", "granian", "--interface", "asginl", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--no-access-log", "config.asgi:application"]
    with tempfile.TemporaryDirectory(prefix="roster-web-") as name:
        output = Path(name) / "web.log"
        with output.open("wb") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            eventually(lambda: _lives(process, port, output), within=90, what="the web's start")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(40)


def _lives(process: "subprocess.Popen[bytes]", port: int, log: Path) -> bool:
    assert process.poll() is None, log.read_text()[-3000:]
    try:
        return httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 200
    except httpx.TransportError:
        return False
