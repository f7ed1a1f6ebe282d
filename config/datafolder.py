"""Reads what `make run` stored in its data folder, so that `manage.py` finds the same services and secrets.

Production imports this too, so it needs nothing but Django. Writing is in `config/local`.
"""

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config import peers

PROJECT_ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT_FILE = "environment.json"
# If one of these is set from outside, all variables of its family are: mixing in the embedded service's would be wrong.
FAMILIES = {
    "DATABASE_URL": ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_STAFF_URL", "DATABASE_ADMIN_URL"),
    "REDIS_URL": ("REDIS_URL",),
}


class DataFolderError(ImproperlyConfigured):
    """The data folder cannot be used. The message is one sentence that names the problem and the fix."""


def default() -> Path:
    """The folder that ROSTER_DATA names, else `.roster` in the project; raises DataFolderError if it is relative."""
    given = os.environ.get("ROSTER_DATA")
    if given and not Path(given).is_absolute():
        raise DataFolderError(f"ROSTER_DATA is {given!r}: set it to an absolute path.")
    return Path(given) if given else PROJECT_ROOT / ".roster"


def environment(folder: Path, played: Collection[str] | None = None) -> dict[str, str]:
    """The variables that `make run` stored in `folder`; {} if it never ran.

    The accounts with the peers in `played` are included. None means: those that SANDBOX names, which this process or
    the folder has set. URLs of embedded services are left out if this process's environment has its own. Raises
    DataFolderError if the file is damaged or belongs to another user, and what peers.chosen raises.
    """
    stored = read_json(folder / ENVIRONMENT_FILE)
    always: dict[str, str] = stored.get("always", {})
    if played is None:
        played = peers.chosen(os.environ, always.get("SANDBOX", "0"))
    overruled = {name for given, family in FAMILIES.items() if os.environ.get(given) for name in family}
    overruled |= peers.variables(peers.NAMES - set(played))
    values = always | stored.get("sandbox", {})
    return {name: value for name, value in values.items() if name not in overruled}


def read_json(path: Path) -> dict[str, Any]:
    """The object in `path`, {} if there is no such file; raises DataFolderError if it is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DataFolderError(f"{path} cannot be read ({error.strerror}): start as the user who owns it.") from error
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(content, dict):
        raise _damaged(path)
    return content


def _damaged(path: Path) -> DataFolderError:
    return DataFolderError(f"{path} is damaged: restore it from a backup, because it holds keys that your data needs.")
