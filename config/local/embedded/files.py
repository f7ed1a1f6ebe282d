"""Files that must survive a kill at any moment, and the lock that says who works in a folder."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any


def write_private(path: Path, content: str) -> None:
    """Replaces `path` by `content` in one step, readable by its owner only (mode 0600)."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def private(path: str, flags: int) -> int:
    """For open(opener=…): a new file is readable by its owner only."""
    return os.open(path, flags, 0o600)


def sync_folder(folder: Path) -> None:
    """Makes renames inside `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replaces `path` by `content`, see write_private."""
    write_private(path, json.dumps(content, indent=2) + "\n")


class FolderLock:
    """Says that a living process works in a folder; the kernel drops it when that process dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Whether the lock is ours now."""
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
        """Gives the lock back, if it is ours."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
