"""The git-ignored folder where `make run` keeps everything: databases, generated secrets, process ids."""

import os
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from config import datafolder
from config.datafolder import ENVIRONMENT_FILE, FAMILIES, read_json
from config.local.embedded.files import write_json


@dataclass(frozen=True)
class DataFolder:
    """The data folder at `path`, an absolute path."""

    path: Path

    @classmethod
    def default(cls) -> "DataFolder":
        """The folder that ROSTER_DATA names, else `.roster` in the project; DataFolderError if it is relative."""
        return cls(datafolder.default())

    def environment(self, played: Collection[str] | None = None) -> dict[str, str]:
        """The stored variables: see config.datafolder."""
        return datafolder.environment(self.path, played)

    def prepare(self) -> None:
        """Creates the folder, and the secrets if there are none yet."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self.path.chmod(0o711)  # the database server runs as another user, which has to enter
        stored = read_json(self._environment_path)
        complete = {
            "always": new_secrets() | stored.get("always", {}),
            "sandbox": new_sandbox_credentials() | stored.get("sandbox", {}),
        }
        if complete != stored:
            write_json(self._environment_path, complete)

    def keep(self, values: Mapping[str, str]) -> None:
        """Replaces the stored values of these names, and removes URLs of services that are not among them."""
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
    """New secrets for the installation."""
    return {"SECRET_KEY": secrets.token_urlsafe(50), "PLATFORM_ENCRYPTION_KEYS": Fernet.generate_key().decode()}


def new_sandbox_credentials() -> dict[str, str]:
    """New credentials for the accounts with the sandbox."""
    return {
        "SLACK_CLIENT_ID": f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**13)}",
        "SLACK_CLIENT_SECRET": secrets.token_hex(16),
        "SLACK_SIGNING_SECRET": secrets.token_hex(16),
        "OPENAI_API_KEY": f"sk-sandbox-{secrets.token_urlsafe(24)}",
        "STRIPE_SECRET_KEY": f"sk_test_sandbox{secrets.token_hex(16)}",
    }
