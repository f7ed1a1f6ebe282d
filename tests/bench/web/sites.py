"""Web processes beside the product's own: the same server, options and environment, but another application."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
from psycopg import sql

from tests.stack import ROOT, Stack
from tests.waiting import eventually, free_ports

PRODUCT = "config.asgi:application"
BARE = "tests.bench.web.bare:application"
DATABASE = "bare"
TABLE = (
    "CREATE TABLE bare_event (id bigserial PRIMARY KEY, event_id text UNIQUE, payload text, received_at timestamptz)"
)
SETTINGS = """
import json
from django.conf import settings
pool = settings.DATABASES["default"]["OPTIONS"]["pool"]
print(json.dumps({"threads": settings.WEB_THREADS, "pool": pool and pool["max_size"]}))
"""


@contextmanager
def bare_site(stack: Stack) -> Iterator[int]:
    """A Django site without the product, with a table of its own in the same Postgres; yields its port."""
    same = json.loads(stack.manage("shell", "-v", "0", "-c", SETTINGS))
    changes = {"WEB_THREADS": str(same["threads"]), "BARE_POOL": str(same["pool"] or 0), "BARE_URL": _database(stack)}
    with _beside(stack, BARE, changes) as port:
        yield port


@contextmanager
def empty_views(stack: Stack) -> Iterator[int]:
    """The product with an empty view behind each of its chains of middleware; yields its port."""
    with _beside(stack, PRODUCT, {"DJANGO_SETTINGS_MODULE": "tests.bench.web.product_settings"}) as port:
        yield port


def _database(stack: Stack) -> str:
    """Create the bare site's database; returns its URL, with the product's role."""
    admin, app = (stack.generated[name].rsplit("/", 1)[0] for name in ("DATABASE_ADMIN_URL", "DATABASE_URL"))
    with psycopg.connect(f"{admin}/roster", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    with psycopg.connect(f"{admin}/{DATABASE}", autocommit=True) as connection:
        connection.execute(TABLE)
        connection.execute("GRANT ALL ON bare_event, bare_event_id_seq TO app")
    return f"{app}/{DATABASE}"


@contextmanager
def _beside(stack: Stack, application: str, changes: dict[str, str]) -> Iterator[int]:
    web = next(each for each in stack.processes("granian") if PRODUCT in each.cmdline())
    command, port = web.cmdline(), free_ports(1)
    command[command.index("--port") + 1] = str(port)
    command[command.index(PRODUCT)] = application
    with tempfile.TemporaryDirectory(prefix="roster-beside-") as name:
        output = Path(name) / "web.log"
        with output.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *command[1:]], cwd=ROOT, env={**web.environ(), **changes}, stdout=log, stderr=log
            )
        try:
            eventually(lambda: _answers(process, port, output), within=90, what=f"{application}'s start")
            yield port
        finally:
            process.terminate()
            process.wait(40)


def _answers(process: "subprocess.Popen[bytes]", port: int, log: Path) -> bool:
    assert process.poll() is None, log.read_text()[-3000:]
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/empty/")
    except httpx.TransportError:
        return False
    assert answer.status_code == 200, f"{answer.status_code}: {log.read_text()[-3000:]}"
    return True
