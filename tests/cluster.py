"""A database cluster with roles and tables, created once per test run. The tests' Postgres servers use copies of it.

Creating it takes seven seconds of CPU time, copying it a fraction of one. The main process chooses the folder and
deletes it at the end of the run; xdist's workers get its path (`conftest.py`).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.datafolder import read_json
from config.local.embedded.files import write_json
from config.local.embedded.postgres import Postgres
from tests.alone import alone

ROOT = Path(__file__).parents[1]
RECORD = "service.json"


@dataclass(frozen=True)
class Cluster:
    """The cluster in `folder`, which the user who runs Postgres can access."""

    folder: Path

    @classmethod
    def in_new_folder(cls) -> "Cluster":
        """Choose a new folder. The cluster is created when the first copy is needed."""
        folder = Path(tempfile.mkdtemp(prefix="roster-tests-"))
        folder.chmod(0o711)
        return cls(folder)

    def remove(self) -> None:
        """Delete the cluster, its programs, and all copies."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def copy_to(self, folder: Path) -> None:
        """Create a copy for `Postgres(folder)`. Its data is in our folder, until `remove`."""
        made = self._make()
        home = Path(tempfile.mkdtemp(prefix="home-", dir=self.folder))
        home.chmod(0o711)
        subprocess.run(["cp", "-pPR", str(made / "cluster"), str(home)], check=True)
        for programs in made.glob("programs-*"):
            (home / programs.name).symlink_to(programs)
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        passwords = read_json(made / RECORD)["passwords"]
        write_json(folder / RECORD, {"passwords": passwords, "elsewhere": str(home)})

    def _make(self) -> Path:
        """The folder of the original, created by the first process that needs it."""
        made = self.folder / "original"
        with alone(self.folder / "lock"):
            if not (self.folder / "is-made").exists():
                with Postgres(made, durable=False) as server:
                    _fill(server)
                (self.folder / "is-made").touch()
        return made


def _fill(server: Postgres) -> None:
    """Create roles and tables by the same step as `make run`."""
    urls = {"ADMIN_": "postgres", "OWNER_": "owner", "STAFF_": "staff", "": "app"}
    given = {f"DATABASE_{name}URL": server.url(role) for name, role in urls.items()}
    command = [sys.executable, "-m", "config.local.run.database"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **given}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
