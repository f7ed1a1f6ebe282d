"""A process that reads and writes secrets until told to stop: `python -m tests.secrets.traffic TENANT`.

It reads PLATFORM_ENCRYPTION_KEYS once at startup, as every process of the product does. It reads a connection's token
under a lock and writes the next number in the same transaction; other steps only read. A line on standard input ends
it; it answers with one line of JSON: `reads`, `writes`, `failures`.
"""

import json
import os
import random
import sys
import threading
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from channels.models import Connection  # noqa: E402 - needs the app registry
from tenants.encryption import UndecryptableError  # noqa: E402
from tenants.scope import tenant_scope  # noqa: E402

PAUSE_SECONDS = 0.03


class Traffic:
    """This process's counts so far."""

    def __init__(self, tenant_id: UUID) -> None:
        self.tenant_id = tenant_id
        self.counts = {"reads": 0, "writes": 0, "failures": 0}
        self.stopping = threading.Event()
        self._counting = threading.Lock()

    def run(self) -> None:
        with tenant_scope(self.tenant_id):
            ids = list(Connection.objects.values_list("id", flat=True))
        while not self.stopping.wait(PAUSE_SECONDS):
            self._count(self._step(random.choice(ids)))

    def _step(self, connection_id: UUID) -> str:
        """Read or write one token; returns what to count."""
        act = random.choice([self._write, self._read])
        try:
            with tenant_scope(self.tenant_id):
                return act(connection_id)
        except UndecryptableError:
            return "failures"

    def _count(self, what: str) -> None:
        with self._counting:
            self.counts[what] += 1

    def _read(self, connection_id: UUID) -> str:
        int(Connection.objects.get(id=connection_id).token.reveal())
        return "reads"

    def _write(self, connection_id: UUID) -> str:
        """Save a whole row, as the product does, including values that another process encrypted."""
        connection = Connection.objects.select_for_update(no_key=True).get(id=connection_id)
        connection.token = str(int(connection.token.reveal()) + 1)
        connection.save()
        return "writes"


def main() -> None:
    traffic = Traffic(UUID(sys.argv[1]))
    threads = [threading.Thread(target=traffic.run) for _ in range(2)]
    for thread in threads:
        thread.start()
    tell("running")
    sys.stdin.readline()
    traffic.stopping.set()
    for thread in threads:
        thread.join()
    tell(json.dumps(traffic.counts))


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
