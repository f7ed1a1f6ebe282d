"""Processes that read and write secrets until they are told to stop: `python -m tests.secrets.traffic TENANT`.

The main process only forks the others, because loading Django takes each of them more than a second. It reads orders
from standard input, one per line: `start KEYS` forks a process that has these keys for its whole life, like every
process of the product; `stop` stops the oldest one. It answers each order with a line: `running`, or JSON with `reads`,
`writes` and `failures`.

A process writes the next number into a connection's token, in the transaction in which it has read it under a lock, or
just reads a token.
"""

import json
import os
import random
import sys
import threading
from dataclasses import dataclass
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402 - needs the app registry

from channels.connections import credentials  # noqa: E402
from channels.models import Connection  # noqa: E402
from tenants.encryption import UndecryptableError  # noqa: E402
from tenants.scope import tenant_scope  # noqa: E402

PAUSE_SECONDS = 0.03
LEAST = 60
"""A process takes this many steps before it stops, so it works at the same time as those before and after it."""


class Traffic:
    """What this process has done so far."""

    def __init__(self, tenant_id: UUID) -> None:
        self.tenant_id = tenant_id
        self.counts = {"reads": 0, "writes": 0, "failures": 0}
        self.has_worked = threading.Event()
        self.stopping = threading.Event()
        self._counting = threading.Lock()

    def run(self) -> None:
        with tenant_scope(self.tenant_id):
            ids = list(Connection.objects.values_list("id", flat=True))
        while not self.stopping.wait(PAUSE_SECONDS):
            self._count(self._step(random.choice(ids)))

    def _step(self, connection_id: UUID) -> str:
        """Read or write one token; returns the name of the count."""
        act = random.choice([self._write, self._read])
        try:
            with tenant_scope(self.tenant_id):
                return act(connection_id)
        except UndecryptableError:
            return "failures"

    def _count(self, what: str) -> None:
        with self._counting:
            self.counts[what] += 1
            if sum(self.counts.values()) >= LEAST:
                self.has_worked.set()

    def _read(self, connection_id: UUID) -> str:
        _number(Connection.objects.get(id=connection_id))
        return "reads"

    def _write(self, connection_id: UUID) -> str:
        """Save a whole row, like the product: this also writes back what another process encrypted."""
        connection = Connection.objects.select_for_update(no_key=True).get(id=connection_id)
        connection.secrets = credentials.as_json(str(_number(connection) + 1), {})
        connection.save()
        return "writes"


def _number(connection: Connection) -> int:
    return int(connection.credentials["token"])


@dataclass(frozen=True)
class Forked:
    """A forked process and the pipes to it, for the main process."""

    pid: int
    orders: int
    answers: int

    @classmethod
    def start(cls, tenant_id: UUID, keys: list[str]) -> "Forked":
        """Fork a process; returns when it is running."""
        (read, orders), (answers, write) = os.pipe(), os.pipe()
        if pid := os.fork():
            os.close(read)
            os.close(write)
            forked = cls(pid, orders, answers)
            assert forked._hear() == "running"
            return forked
        settings.PLATFORM_ENCRYPTION_KEYS = keys
        _work(Traffic(tenant_id), read, write)
        os._exit(0)

    def stop(self) -> str:
        """Stop it; returns its counts as JSON."""
        os.write(self.orders, b"stop\n")
        counts = self._hear()
        _, status = os.waitpid(self.pid, 0)
        assert status == 0
        return counts

    def _hear(self) -> str:
        heard = b""
        while not heard.endswith(b"\n"):
            more = os.read(self.answers, 1000)
            assert more, "the process has ended"
            heard += more
        return heard.decode().strip()


def _work(traffic: Traffic, orders: int, answers: int) -> None:
    """Work until told to stop."""
    threads = [threading.Thread(target=traffic.run) for _ in range(2)]
    for thread in threads:
        thread.start()
    os.write(answers, b"running\n")
    os.read(orders, 1)
    assert traffic.has_worked.wait(20)
    traffic.stopping.set()
    for thread in threads:
        thread.join()
    os.write(answers, json.dumps(traffic.counts).encode() + b"\n")


def main() -> None:
    tenant_id, running = UUID(sys.argv[1]), []
    for line in sys.stdin:
        order, _, keys = line.strip().partition(" ")
        if order == "start":
            running.append(Forked.start(tenant_id, keys.split(",")))
            tell("running")
        else:
            tell(running.pop(0).stop())


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
