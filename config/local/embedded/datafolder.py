"""The git-ignored folder in which `make run` keeps everything: databases, generated secrets, what is running."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from config.local.embedded.errors import EmbeddedError
from config.local.embedded.files import read_json, write_json

PROJECT_ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT_FILE = "environment.json"
# Given from outside, one of these speaks for its whole family: the embedded service's others would be wrong beside it.
FAMILIES = {
    "DATABASE_URL": ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_STAFF_URL", "DATABASE_ADMIN_URL"),
    "REDIS_URL": ("REDIS_URL",),
}


YES = {"1", "true", "yes"}


@dataclass(frozen=True)
class DataFolder:
    """The data folder at `path`, an absolute path."""

    path: Path

    @classmethod
    def default(cls) -> "DataFolder":
        """The folder that ROSTER_DATA names, else `.roster` in the project; raises EmbeddedError if it is relative."""
        given = os.environ.get("ROSTER_DATA")
        if given and not Path(given).is_absolute():
            raise EmbeddedError(f"ROSTER_DATA is {given!r}: set it to an absolute path.")
        return cls(Path(given) if given else PROJECT_ROOT / ".roster")

    def environment(self, sandbox: bool | None = None) -> dict[str, str]:
        """The variables that `make run` left here, {} before its first start.

        Those of the sandbox's accounts come along when `sandbox` is true; None: when SANDBOX=1, in the process'
        environment or here. The URLs of embedded services are left out where the process' environment has its own.
        Raises EmbeddedError if the file is damaged or belongs to somebody else.
        """
        stored = read_json(self._environment_path)
        always: dict[str, str] = stored.get("always", {})
        if sandbox is None:
            sandbox = (os.environ.get("SANDBOX") or always.get("SANDBOX", "0")).lower() in YES
        overruled = {name for given, family in FAMILIES.items() if os.environ.get(given) for name in family}
        values = always | (stored.get("sandbox", {}) if sandbox else {})
        return {name: value for name, value in values.items() if name not in overruled}

    def prepare(self) -> None:
        """Creates the folder and, once and for all, the generated secrets."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self.path.chmod(0o711)  # the database server runs as another user, who has to pass
        stored = read_json(self._environment_path)
        complete = {
            "always": new_secrets() | stored.get("always", {}),
            "sandbox": new_sandbox_credentials() | stored.get("sandbox", {}),
        }
        if complete != stored:
            write_json(self._environment_path, complete)

    def keep(self, values: Mapping[str, str]) -> None:
        """Replaces what is stored under these names; the URLs of services not among them are forgotten."""
        stored = read_json(self._environment_path)
        services = {name for family in FAMILIES.values() for name in family}
        always = {name: value for name, value in stored["always"].items() if name not in services}
        fresh = stored | {"always": always | dict(values)}
        if fresh != stored:
            write_json(self._environment_path, fresh)

    @property
    def _environment_path(self) -> Path:
        return self.path / ENVIRONMENT_FILE


def new_secrets() -> dict[str, str]:
    """Fresh secrets of the installation."""
    return {"SECRET_KEY": secrets.token_urlsafe(50), "PLATFORM_ENCRYPTION_KEYS": Fernet.generate_key().decode()}


def new_sandbox_credentials() -> dict[str, str]:
    """Fresh credentials for accounts with the sandbox's peers."""
    return {
        "SLACK_CLIENT_ID": f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**13)}",
        "SLACK_CLIENT_SECRET": secrets.token_hex(16),
        "SLACK_SIGNING_SECRET": secrets.token_hex(16),
        "OPENAI_API_KEY": f"sk-sandbox-{secrets.token_urlsafe(24)}",
        "STRIPE_SECRET_KEY": f"sk_test_sandbox{secrets.token_hex(16)}",
    }
