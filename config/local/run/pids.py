"""Stores the process ids of our children, so that the next start can end what a killed supervisor left."""

import contextlib
import signal
from pathlib import Path

from config.local.embedded import processes
from config.local.embedded.files import write_private

GRACE = 5.0
# Every child gets this variable with the data folder as its value. So we know whether a stored id is still ours.
MARK = "ROSTER_DATA"


class PidFiles:
    """One file per child in `<data>/run`. Each child leads its own process group."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._folder = data / "run"

    def write(self, name: str, pid: int) -> None:
        """Stores the process id of `name`."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        write_private(self._path(name), str(pid))

    def remove(self, name: str) -> None:
        """Removes the process id of `name`."""
        self._path(name).unlink(missing_ok=True)

    def end_leftovers(self) -> int:
        """Ends the stored processes and their groups, if they are ours; returns how many there were."""
        files = list(self._folder.glob("*.pid"))
        left = processes.in_groups(frozenset(map(_read, files)), MARK, str(self._data))
        processes.end(left, signal.SIGTERM, GRACE)
        for file in files:
            file.unlink()
        return len(left)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.pid"


def _read(file: Path) -> int:
    with contextlib.suppress(ValueError):
        return int(file.read_text(encoding="ascii"))
    return 0
