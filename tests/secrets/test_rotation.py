"""Reencrypting every stored secret with the newest key: columns of every tenant, and allauth's JSON."""

import threading
from uuid import UUID

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connections
from pytest_django import Settings

from channels.connections import credentials
from channels.models import Connection
from tenants import encryption
from tenants.encryption import Secret
from tenants.privacy import rotation
from tenants.scope import tenant_scope
from tests import factories
from tests.conftest import Cast
from tests.waiting import eventually

TOKEN = "xoxb-1234567890-abcdefghij1a2b"


def add_key(settings: Settings) -> str:
    """Add a new first key; returns its id."""
    settings.PLATFORM_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.PLATFORM_ENCRYPTION_KEYS]
    return encryption.newest_key_id()


@pytest.fixture
def connected(committed_cast: Cast) -> dict[UUID, Connection]:
    """Each tenant's Slack workspace, and one person's second step."""
    made = {}
    for tenant in (committed_cast.acme, committed_cast.globex):
        with tenant_scope(tenant.id):
            made[tenant.id] = factories.make_connection(token=TOKEN)
    seed = {"seed": encryption.encrypt("seed"), "used_mask": 5, "migrated_codes": [encryption.encrypt("12345678")]}
    Authenticator.objects.create(user=committed_cast.alice, type="recovery_codes", data=seed)
    return made


def test_it_reaches_every_tenant_and_the_second_factors(
    connected: dict[UUID, Connection], settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = encryption.newest_key_id(), add_key(settings)
    assert rotation.key_usage() == {old: 4}
    call_command("rotate_encryption_keys")
    assert rotation.key_usage() == {new: 4}
    told = capsys.readouterr().out
    assert "channels_connection.secrets: done, 2 encrypted anew." in told
    assert "mfa_authenticator.data: done, 1 encrypted anew." in told
    assert f"Key {old}: 0 secrets remain under it, it may be removed from PLATFORM_ENCRYPTION_KEYS." in told
    settings.PLATFORM_ENCRYPTION_KEYS = settings.PLATFORM_ENCRYPTION_KEYS[:1]
    data = Authenticator.objects.get().data
    assert (encryption.decrypt(data["seed"]), data["used_mask"]) == ("seed", 5)
    assert encryption.decrypt(data["migrated_codes"][0]) == "12345678"
    for tenant_id in connected:
        with tenant_scope(tenant_id):
            assert Connection.objects.get().credentials["token"] == TOKEN


def test_the_second_time_there_is_nothing_to_do(connected: dict[UUID, Connection], settings: Settings) -> None:
    add_key(settings)
    assert sum(each.renewed for each in rotation.rotate(lambda renewal: None)) == 3
    assert sum(each.renewed for each in rotation.rotate(lambda renewal: None)) == 0


class StoppedError(Exception):
    """The operator's Ctrl-C."""


def test_a_stopped_rotation_continues_where_it_stopped(
    committed_cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(committed_cast.acme.id):
        for _ in range(5):
            factories.make_connection(token=TOKEN)
    old, new = encryption.newest_key_id(), add_key(settings)
    monkeypatch.setattr(rotation, "BATCH", 2)

    def stop(renewal: rotation.Renewal) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        rotation.rotate(stop)
    assert rotation.key_usage() == {old: 3, new: 2}
    call_command("rotate_encryption_keys")
    assert rotation.key_usage() == {new: 5}


def test_a_row_that_cannot_be_decrypted_is_named_and_the_others_continue(
    connected: dict[UUID, Connection], settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant_id, connection = next(iter(connected.items()))
    strange = f"{encryption.key_id('gone')}:{Fernet(Fernet.generate_key()).encrypt(b'lost').decode()}"
    with tenant_scope(tenant_id):
        Connection.objects.update(secrets=Secret(stored=strange))
    new = add_key(settings)
    with pytest.raises(CommandError, match="1 secrets cannot be opened: put the key back"):
        call_command("rotate_encryption_keys")
    told = capsys.readouterr().err
    assert f"channels_connection.secrets of row {connection.id}: none of PLATFORM_ENCRYPTION_KEYS opens it." in told
    assert rotation.key_usage() == {new: 3, encryption.key_id("gone"): 1}
    with tenant_scope(tenant_id):
        assert Connection.objects.get().secrets.sealed() == strange, "its key may be restored later"


def somebody_waits() -> bool:
    """Whether a session is waiting for a lock."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock')")
        return bool(cursor.fetchone()[0])


def test_a_row_being_written_is_waited_for_and_not_overwritten(
    connected: dict[UUID, Connection], settings: Settings
) -> None:
    tenant_id, connection = next(iter(connected.items()))
    new = add_key(settings)
    is_locked = threading.Event()

    def write() -> None:
        with tenant_scope(tenant_id):
            mine = Connection.objects.select_for_update(no_key=True).get(id=connection.id)
            is_locked.set()
            eventually(somebody_waits, what="the rotation to wait for the row")
            mine.secrets = credentials.as_json("written meanwhile", {})
            mine.save()
        connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    is_locked.wait(10)
    renewals = rotation.rotate(lambda renewal: None)
    writer.join()
    assert not any(each.busy or each.lost for each in renewals)
    assert rotation.key_usage() == {new: 4}
    with tenant_scope(tenant_id):
        assert Connection.objects.get().credentials["token"] == "written meanwhile"


def test_a_row_locked_too_long_is_named(
    connected: dict[UUID, Connection], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "PATIENCE_SECONDS", 0.05)
    tenant_id, connection = next(iter(connected.items()))
    add_key(settings)
    with tenant_scope(tenant_id):
        Connection.objects.select_for_update(no_key=True).get()
        done: list[rotation.Renewal] = []

        def elsewhere() -> None:
            done.extend(rotation.rotate(lambda renewal: None))
            connections.close_all()

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert [each.busy for each in done if each.busy] == [[str(connection.id)]]


def test_saving_a_row_read_before_the_rotation_does_not_restore_the_old_key(
    connected: dict[UUID, Connection], settings: Settings
) -> None:
    tenant_id = next(iter(connected))
    with tenant_scope(tenant_id):
        read_before = Connection.objects.get()
    new = add_key(settings)
    rotation.rotate(lambda renewal: None)
    with tenant_scope(tenant_id):
        read_before.save()
    assert rotation.key_usage() == {new: 4}


def test_every_model_with_a_secret_is_found() -> None:
    assert {"channels_connection.secrets", "mfa_authenticator.data"} <= {place.name for place in rotation.places()}
