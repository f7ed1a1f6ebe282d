"""A database cluster with roles and tables, made once for a run of the tests: each Postgres that they start is a copy.

Making one takes five seconds of work, copying it a tenth of one. The process that begins the run chooses the folder and
removes it at the end; the processes that share the tests' files use it (`conftest.py`).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.local.embedded.files import read_json, write_json
from config.local.embedded.postgres import Postgres
from tests.alone import alone

ROOT = Path(__file__).parents[1]
RECORD = "service.json"


@dataclass(frozen=True)
class Cluster:
    """The cluster in `folder`, which the user who runs Postgres can enter."""

    folder: Path

    @classmethod
    def in_new_folder(cls) -> "Cluster":
        """Not made before it is asked for."""
        folder = Path(tempfile.mkdtemp(prefix="roster-tests-"))
        folder.chmod(0o711)
        return cls(folder)

    def remove(self) -> None:
        """The cluster, its programs, and all homes."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def copy_to(self, folder: Path) -> None:
        """Put a copy where `Postgres(folder)` finds it; its files live below ours, until `remove`."""
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
        """The folder of the original, made by whoever comes first."""
        made = self.folder / "original"
        with alone(self.folder / "lock"):
            if not (self.folder / "is-made").exists():
                with Postgres(made, durable=False) as server:
                    _fill(server)
                (self.folder / "is-made").touch()
        return made


def _fill(server: Postgres) -> None:
    """Roles and tables, by the same step as in `make run`."""
    urls = {"ADMIN_": "postgres", "OWNER_": "owner", "STAFF_": "staff", "": "app"}
    given = {f"DATABASE_{name}URL": server.url(role) for name, role in urls.items()}
    command = [sys.executable, "-m", "config.local.run.database"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **given}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
