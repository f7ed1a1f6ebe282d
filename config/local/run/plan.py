"""Decides from the environment what to run, before anything starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

from config import peers
from config.datafolder import FAMILIES
from config.local.embedded import ports
from config.local.embedded.datafolder import DataFolder
from config.local.run.errors import StartError

HIGHEST_PORT = 65535


@dataclass(frozen=True)
class Plan:
    """The decisions of one start."""

    data: DataFolder
    given: Mapping[str, str]
    port: int
    played: frozenset[str]
    sandbox_port: int
    mail_port: int

    @property
    def sandbox(self) -> bool:
        """Whether the sandbox plays anything."""
        return bool(self.played)

    @property
    def web_url(self) -> str:
        """Where the web process listens."""
        return f"http://{ports.LOOPBACK}:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox's peers listen."""
        return self.given.get("SANDBOX_URL") or f"http://{ports.LOOPBACK}:{self.sandbox_port}"

    @property
    def public_url(self) -> str:
        """The URL at which people open the portal."""
        return (self.given.get("PUBLIC_URL") or self.web_url).rstrip("/")

    @property
    def settings(self) -> dict[str, str]:
        """The values to store for `manage.py`, except the services' URLs."""
        return {
            "PORT": str(self.port),
            "PUBLIC_URL": self.public_url,
            "SANDBOX": peers.written(self.played),
            "SANDBOX_URL": self.sandbox_url,
            "ALLOWED_HOSTS": self.given.get("ALLOWED_HOSTS") or f"{ports.LOOPBACK},localhost",
            **self._mail,
        }

    @property
    def given_services(self) -> dict[str, str]:
        """The URLs of services that were given from outside."""
        return {name: self.given[name] for family in FAMILIES.values() for name in family if self.given.get(name)}

    def uses_own(self, service_url: str) -> bool:
        """Whether to start the embedded service for DATABASE_URL or REDIS_URL."""
        return not self.given.get(service_url)

    def check_ports(self) -> None:
        """Raises StartError if a port that we need is in use."""
        self._check_free(self.port, "the portal", "PORT")
        if self.sandbox:
            self._check_free(self.sandbox_port, "the sandbox", "SANDBOX_PORT")
        if "mail" in self.played:
            self._check_free(self.mail_port, "the sandbox's mail", "SANDBOX_SMTP_PORT")

    @property
    def _mail(self) -> dict[str, str]:
        if "mail" not in self.played or self.mail_port == self.port + 2:
            return {}
        return {"EMAIL_URL": f"smtp://{ports.LOOPBACK}:{self.mail_port}"}

    def _check_free(self, port: int, purpose: str, variable: str) -> None:
        if not ports.is_free(port):
            raise StartError(
                f"Port {port}, needed for {purpose}, is in use by another program: stop that one, "
                f"or choose another port with {variable}, as in `{variable}={port + 100} make run`."
            )


def make_plan(data: DataFolder, given: Mapping[str, str] = os.environ) -> Plan:
    """Reads the environment; raises StartError for an invalid value."""
    port = _port(given, "PORT", 8000)
    return Plan(
        data=data,
        given=given,
        port=port,
        played=_played(given),
        sandbox_port=_port(given, "SANDBOX_PORT", port + 1),
        mail_port=_port(given, "SANDBOX_SMTP_PORT", port + 2),
    )


def _played(given: Mapping[str, str]) -> frozenset[str]:
    try:
        return peers.played(given.get("SANDBOX", "").strip() or "1", given)
    except ImproperlyConfigured as error:
        raise StartError(str(error)) from error


def _port(given: Mapping[str, str], name: str, default: int) -> int:
    value = given.get(name) or str(default)
    if not value.isdecimal() or not 0 < int(value) <= HIGHEST_PORT:
        raise StartError(f"{name} is {value!r}: set it to a port number such as 8000.")
    return int(value)
