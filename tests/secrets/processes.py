"""Processes with their own encryption keys on the test's database."""

import json
import os
import subprocess
import sys
from collections import Counter

from config.local.embedded.postgres import Postgres
from tests.stack import ROOT


def environment(postgres: Postgres, keys: list[str], **changes: str) -> dict[str, str]:
    """The environment of a product process with these keys."""
    own = {"DATABASE_URL": postgres.url("app"), "PLATFORM_ENCRYPTION_KEYS": ",".join(keys)}
    return {**os.environ, "DATABASE_OWNER_URL": postgres.url("owner"), **own, **changes}


def manage(postgres: Postgres, keys: list[str], *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py with these keys."""
    command = [sys.executable, "manage.py", *arguments]
    given = environment(postgres, keys, **changes)
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=60)


class Traffic:
    """Processes that read and write secrets; see traffic.py."""

    def __init__(self, postgres: Postgres, keys: list[str], tenant_id: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.secrets.traffic", str(tenant_id)],
            cwd=ROOT, env=environment(postgres, keys), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def start(self, keys: list[str]) -> None:
        """Start one more process, with these keys."""
        assert self._order(f"start {','.join(keys)}") == "running\n"

    def stop_one(self) -> Counter[str]:
        """Stop the oldest process; returns its counts."""
        return Counter(json.loads(self._order("stop")))

    def close(self) -> None:
        """Stop the process that forks the others."""
        self._process.communicate(timeout=30)
        assert self._process.returncode == 0

    def _order(self, line: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()
