"""The site's static files, collected once for all processes that serve them, and again after a source has changed."""

import subprocess
import sys
from pathlib import Path

from config.local.run.static import StaticFiles
from tests.alone import alone

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".static"


def collect() -> None:
    """Have them in `.static`, for a process that the test starts by itself."""
    FOLDER.mkdir(exist_ok=True)
    with alone(FOLDER / "tests.lock"):
        files = StaticFiles(ROOT, FOLDER / "tests.stamp")
        if not files.are_current():
            command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
            subprocess.run(command, cwd=ROOT, check=True, timeout=120)
            files.mark(files.fingerprint())


def collect_for(data: Path) -> None:
    """The same for a `make run` with this data folder, which would otherwise collect them again."""
    collect()
    files = StaticFiles(ROOT, data / "run" / "static")
    files.mark(files.fingerprint())
