"""A folder that the database server's user can reach."""

import tempfile
from pathlib import Path

from config.local.embedded.account import Account
from config.local.embedded.errors import EmbeddedError

# /var/lib first: files in /var/tmp may be cleared away after a month.
ELSEWHERE = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - folders are made there with names of our own


def find_home(folder: Path, account: Account) -> Path:
    """`folder` itself if `account` can enter it, else a new one elsewhere; raises EmbeddedError if there is none."""
    if account.reaches(folder):
        return folder
    for place in ELSEWHERE:
        if place.is_dir() and account.reaches(place):
            home = Path(tempfile.mkdtemp(prefix="roster-", dir=place))
            home.chmod(0o711)
            return home
    raise EmbeddedError(f"The user who runs Postgres cannot enter {folder}: set ROSTER_DATA to a folder that all can.")
