"""Writing files that survive a kill at any moment, and the lock on a folder."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any


def write_private(path: Path, content: str) -> None:
    """Replaces the file in one step; only its owner can read it (mode 0600)."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def private(path: str, flags: int) -> int:
    """For open(opener=…): only the owner can read a new file."""
    return os.open(path, flags, 0o600)


def sync_folder(folder: Path) -> None:
    """Makes renames in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replaces the file with `content` as JSON: see write_private."""
    write_private(path, json.dumps(content, indent=2) + "\n")


class FolderLock:
    """Marks a folder as in use by a live process; the kernel releases it when that process dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Takes the lock, if nobody else has it; returns whether it is ours."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor
        return True

    def holder(self) -> str:
        """The id of the process that took the lock last, as text."""
        return self.path.read_text(encoding="ascii") or "unknown"

    def release(self) -> None:
        """Releases the lock, if it is ours."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
