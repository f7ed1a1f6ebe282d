"""Keys change in one process after another while all of them read and write: the rolling order loses nothing."""

from collections import Counter

from cryptography.fernet import Fernet
from pytest_django import Settings

from channels.models import Connection
from config.local.embedded.postgres import Postgres
from tenants import encryption
from tenants.privacy import rotation
from tenants.scope import tenant_scope
from tests import factories
from tests.conftest import Cast
from tests.secrets.processes import Traffic, manage

CONNECTIONS = 60
SIZE = 2
OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


def employ(cast: Cast, settings: Settings) -> None:
    """Connections with numbers as tokens, all encrypted with the old key."""
    settings.PLATFORM_ENCRYPTION_KEYS = [OLD]
    with tenant_scope(cast.acme.id):
        for _ in range(CONNECTIONS):
            factories.make_connection(token="0")


class Fleet:
    """Two processes, replaced one after another as in a deployment."""

    def __init__(self, postgres: Postgres, cast: Cast, keys: list[str]) -> None:
        self._traffic = Traffic(postgres, keys, cast.acme.id)
        self.counts: Counter[str] = Counter()
        for _ in range(SIZE):
            self._traffic.start(keys)

    def roll(self, keys: list[str]) -> None:
        for _ in range(SIZE):
            self._traffic.start(keys)
            self.counts += self._traffic.stop_one()

    def stop(self) -> None:
        for _ in range(SIZE):
            self.counts += self._traffic.stop_one()
        self._traffic.close()


def test_the_rolling_order_causes_no_failures_and_loses_no_writes(
    committed_cast: Cast, postgres: Postgres, settings: Settings
) -> None:
    employ(committed_cast, settings)
    fleet = Fleet(postgres, committed_cast, [OLD])
    fleet.roll([OLD, NEW])
    fleet.roll([NEW, OLD])
    done = manage(postgres, [NEW, OLD], "rotate_encryption_keys")
    assert done.returncode == 0, done.stderr
    assert f"Key {encryption.key_id(OLD)}: 0 secrets remain under it, it may be removed" in done.stdout
    fleet.roll([NEW])
    fleet.stop()
    assert fleet.counts["failures"] == 0
    assert min(fleet.counts["reads"], fleet.counts["writes"]) > 100
    settings.PLATFORM_ENCRYPTION_KEYS = [NEW]
    with tenant_scope(committed_cast.acme.id):
        written = sum(int(each.credentials["token"]) for each in Connection.objects.all())
    assert written == fleet.counts["writes"], "a write was lost"
    assert rotation.key_usage() == {encryption.key_id(NEW): CONNECTIONS}


def test_changing_the_key_in_one_step_fails(committed_cast: Cast, postgres: Postgres, settings: Settings) -> None:
    employ(committed_cast, settings)
    fleet = Fleet(postgres, committed_cast, [OLD])
    fleet.roll([NEW])
    fleet.stop()
    assert fleet.counts["failures"] > 0
