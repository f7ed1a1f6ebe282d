"""The site's static files, collected once for all tests that serve them, and again when a source has changed."""

import subprocess
import sys
from pathlib import Path

from config.local.run.static import StaticFiles
from tests.alone import alone

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".static"


def collect() -> None:
    """Collect them into `.static` unless they are current."""
    FOLDER.mkdir(exist_ok=True)
    with alone(FOLDER / "tests.lock"):
        files = StaticFiles(ROOT, FOLDER / "tests.stamp")
        if not files.are_current():
            command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
            subprocess.run(command, cwd=ROOT, check=True, timeout=120)
            files.mark(files.fingerprint())


def collect_for(data: Path) -> None:
    """Collect them, and mark them as current for a stack with this data folder, so it doesn't collect them again."""
    collect()
    files = StaticFiles(ROOT, data / "run" / "static")
    files.mark(files.fingerprint())
