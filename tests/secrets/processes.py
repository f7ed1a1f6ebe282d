"""Processes with their own encryption keys on the test's database."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass

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


@dataclass
class Worker:
    """A process that reads and writes secrets; see traffic.py."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, postgres: Postgres, keys: list[str], tenant_id: object) -> "Worker":
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.secrets.traffic", str(tenant_id)],
            cwd=ROOT, env=environment(postgres, keys), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == "running\n"
        return cls(process)

    def stop(self) -> Counter[str]:
        """Stop it; returns its counts."""
        out, _ = self.process.communicate("stop\n", timeout=30)
        assert self.process.returncode == 0
        return Counter(json.loads(out))
