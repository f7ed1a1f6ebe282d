"""The variables that `make run` left in its data folder, so that `manage.py` and a deployment's processes find them.

Only reading is here, with the standard library and Django: `config/local` writes.
"""

import json
import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

PROJECT_ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT_FILE = "environment.json"
# Given from outside, one of these speaks for its whole family: the embedded service's others would be wrong beside it.
FAMILIES = {
    "DATABASE_URL": ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_STAFF_URL", "DATABASE_ADMIN_URL"),
    "REDIS_URL": ("REDIS_URL",),
}
YES = {"1", "true", "yes"}


class DataFolderError(ImproperlyConfigured):
    """The data folder is of no use; the message is one sentence with the thing and the fix."""


def default() -> Path:
    """The folder that ROSTER_DATA names, else `.roster` in the project; raises DataFolderError if it is relative."""
    given = os.environ.get("ROSTER_DATA")
    if given and not Path(given).is_absolute():
        raise DataFolderError(f"ROSTER_DATA is {given!r}: set it to an absolute path.")
    return Path(given) if given else PROJECT_ROOT / ".roster"


def environment(folder: Path, sandbox: bool | None = None) -> dict[str, str]:
    """The variables that `make run` left in `folder`, {} before its first start or where it never ran.

    Those of the sandbox's accounts are included when `sandbox` is true; None: when SANDBOX=1, in this process's
    environment or in the folder. The URLs of embedded services are left out where this process's environment has its
    own. Raises DataFolderError if the file is damaged or belongs to another user.
    """
    stored = read_json(folder / ENVIRONMENT_FILE)
    always: dict[str, str] = stored.get("always", {})
    if sandbox is None:
        sandbox = (os.environ.get("SANDBOX") or always.get("SANDBOX", "0")).lower() in YES
    overruled = {name for given, family in FAMILIES.items() if os.environ.get(given) for name in family}
    values = always | (stored.get("sandbox", {}) if sandbox else {})
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
    return DataFolderError(f"{path} is damaged: restore it from a backup, it holds keys that data needs.")
