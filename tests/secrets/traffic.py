"""Processes that read and write secrets until they are told to stop: `python -m tests.secrets.traffic TENANT`.

The first process only forks, since loading Django takes each more than a second. It reads orders from standard input:
a line `start KEYS` forks a process with these keys for the whole of its life, as every process of the product reads
PLATFORM_ENCRYPTION_KEYS at its start; a line `stop` ends the one that was started first. Each order is answered by a
line: `running`, and one of JSON with `reads`, `writes`, `failures`.

A process writes the next number into a connection's token, in one transaction with reading it under a lock, and also
just looks.
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

from channels.models import Connection  # noqa: E402
from tenants.encryption import UndecryptableError  # noqa: E402
from tenants.scope import tenant_scope  # noqa: E402

PAUSE_SECONDS = 0.03
LEAST = 60
"""Steps that a process takes before it ends, so that it really works beside those before and after it."""


class Traffic:
    """What this process did so far."""

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
        """Read or write one token; what is to be counted."""
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
        int(Connection.objects.get(id=connection_id).token.reveal())
        return "reads"

    def _write(self, connection_id: UUID) -> str:
        """A whole row saved, as the product does: also what another process encrypted goes back."""
        connection = Connection.objects.select_for_update(no_key=True).get(id=connection_id)
        connection.token = str(int(connection.token.reveal()) + 1)
        connection.save()
        return "writes"


@dataclass(frozen=True)
class Forked:
    """A process of traffic, seen from the one that forked it, and the pipes between the two."""

    pid: int
    orders: int
    answers: int

    @classmethod
    def start(cls, tenant_id: UUID, keys: list[str]) -> "Forked":
        """Fork, and return when it runs."""
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
        """End it; what it counted, as JSON."""
        os.write(self.orders, b"stop\n")
        counts = self._hear()
        _, status = os.waitpid(self.pid, 0)
        assert status == 0
        return counts

    def _hear(self) -> str:
        heard = b""
        while not heard.endswith(b"\n"):
            more = os.read(self.answers, 1000)
            assert more, "the process ended"
            heard += more
        return heard.decode().strip()


def _work(traffic: Traffic, orders: int, answers: int) -> None:
    """Until it is told to stop."""
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
