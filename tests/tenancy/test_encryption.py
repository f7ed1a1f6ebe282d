"""Secrets at rest."""

import pytest
from cryptography.fernet import Fernet
from django import conf
from pytest_django import Settings

from channels.models import Connection
from tenants import encryption
from tenants.encryption import Secret, UndecryptableError
from tenants.scope import tenant_scope
from tests import factories
from tests.conftest import Cast

TOKEN = "xoxb-1234567890-abcdefghij1a2b"


def test_a_token_is_ciphertext_in_the_table(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        made = factories.make_connection(token=TOKEN)
        texts = Connection.objects.extra(select={"raw": "secrets::text"})
        stored = texts.values_list("raw", flat=True).get()  # type: ignore[misc]  # the plugin does not know extra()
        assert TOKEN not in stored
        assert stored.startswith(encryption.key_id(_keys()[0]) + ":")
        read = Connection.objects.get(id=made.id)
        assert (read.credentials, read.own_secrets) == ({"token": TOKEN}, {})


def test_a_connection_from_before_the_json_keeps_its_token(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        made = factories.make_connection()
        Connection.objects.update(token=TOKEN, secrets=Secret('{"signing_secret": "own"}'))
        old = Connection.objects.get(id=made.id)
        assert (old.credentials["token"], old.own_secrets) == (TOKEN, {"signing_secret": "own"})
        Connection.objects.update(token=TOKEN, secrets="")
        assert Connection.objects.get(id=made.id).credentials == {"token": TOKEN}
        factories.make_connection(old.external_id, token="a fresh one")
        renewed = Connection.objects.get(id=made.id)
        assert (renewed.credentials, bool(renewed.token)) == ({"token": "a fresh one"}, False)


def _keys() -> list[str]:
    return list(conf.settings.PLATFORM_ENCRYPTION_KEYS)


def test_a_secret_shows_only_its_last_four_characters() -> None:
    secret = Secret(TOKEN)
    assert f"{secret}" == "••••1a2b"
    assert TOKEN not in f"{secret!r} {[secret]} {vars(type(secret))}"
    assert str(Secret("short")) == "••••"


def test_keys_rotate_without_losing_what_the_old_one_encrypted(settings: Settings) -> None:
    old = encryption.encrypt("kept")
    settings.PLATFORM_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.PLATFORM_ENCRYPTION_KEYS]
    assert encryption.decrypt(old) == "kept"
    assert encryption.encrypt("new").startswith(encryption.key_id(settings.PLATFORM_ENCRYPTION_KEYS[0]))


def test_a_missing_key_is_named(settings: Settings) -> None:
    old = encryption.encrypt("lost")
    settings.PLATFORM_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(UndecryptableError, match=old.partition(":")[0]):
        encryption.decrypt(old)
