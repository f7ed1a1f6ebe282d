"""Finds a folder that the database server's user can enter."""

import tempfile
from pathlib import Path

from config.local.embedded.account import Account
from config.local.embedded.errors import EmbeddedError

# /var/lib first: the system may delete files in /var/tmp after a month.
ELSEWHERE = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - we create folders there with random names


def find_home(folder: Path, account: Account) -> Path:
    """`folder` if `account` can enter it, otherwise a new folder; raises EmbeddedError if there is no place for one."""
    if account.reaches(folder):
        return folder
    for place in ELSEWHERE:
        if place.is_dir() and account.reaches(place):
            home = Path(tempfile.mkdtemp(prefix="roster-", dir=place))
            home.chmod(0o711)
            return home
    raise EmbeddedError(
        f"The user that runs Postgres cannot enter {folder}: set ROSTER_DATA to a folder that all users can enter."
    )
