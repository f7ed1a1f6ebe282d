"""Tells whether the collected static files are up to date."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from config.local.embedded.files import write_private

MANIFEST = Path(".static/staticfiles.json")


class StaticFiles:
    """The collected static files of the project at `root`; the file `stamp` has the fingerprint of their sources."""

    def __init__(self, root: Path, stamp: Path) -> None:
        self._root = root
        self._stamp = stamp

    def are_current(self) -> bool:
        """Whether nothing has changed since `mark`."""
        if not (self._root / MANIFEST).is_file() or not self._stamp.is_file():
            return False
        return self._stamp.read_text(encoding="ascii") == self.fingerprint()

    def mark(self, fingerprint: str) -> None:
        """Stores the fingerprint of the sources that were collected."""
        self._stamp.parent.mkdir(mode=0o700, exist_ok=True)
        write_private(self._stamp, fingerprint)

    def fingerprint(self) -> str:
        """Changes with every source: our files by size and time, those of packages by pinned version."""
        digest = hashlib.sha256((self._root / "requirements.txt").read_bytes())
        digest.update((self._root / "config" / "settings" / "site.py").read_bytes())
        for file in self._sources():
            status = file.stat()
            digest.update(f"{file.relative_to(self._root)} {status.st_size} {status.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def _sources(self) -> Iterator[Path]:
        folders = sorted([self._root / "static", *self._root.glob("[a-z]*/static")])
        return (file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file())
