"""A canary in every secret field: no page, API response or export contains it, in plain text or encrypted."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Model
from django.test import Client

from tenants import encryption
from tenants.encryption import EncryptedField
from tenants.models import ApiToken, Export, ExportPart, Invitation, Role, Tenant, User
from tenants.privacy import export
from tenants.scope import tenant_scope
from tests.isolation import values
from tests.isolation.callers import logged_in
from tests.isolation.furnishing import World, furnish
from tests.isolation.routes import all_routes
from tests.isolation.values import Things
from tests.secrets.planting import CANARY, plant

NOT_ASKED = {"/accounts/logout/"}


@pytest.fixture
def world(committed: None) -> World:
    """A workspace with a row in each table, and the canary in every secret field."""
    world = furnish("acme")
    plant(world.tenant)
    return world


def test_no_page_and_no_answer_has_a_secret(world: World) -> None:
    hidden = {CANARY, *_kept(world.tenant)}
    assert len(hidden) > 10
    answers = list(_answers(world))
    assert sum(1 for _, status, _ in answers if status == 200) >= 60
    shown = {(address, secret) for address, _, text in answers for secret in hidden if secret in text}
    assert shown == set()


def test_no_export_has_a_secret(world: World) -> None:
    with tenant_scope(world.tenant.id):
        Export.objects.all().delete()
        made = export.request(world.people[Role.OWNER])
    export.make(world.tenant.id, made.id)
    with tenant_scope(world.tenant.id):
        parts = ExportPart.objects.filter(export=made).order_by("number").values_list("content", flat=True)
        content = b"".join(bytes(each) for each in parts)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert len(texts) >= 20
    hidden = {CANARY, *_kept(world.tenant)}
    assert {(name, secret) for name, text in texts.items() for secret in hidden if secret in text} == set()


def _answers(world: World) -> Iterator[tuple[str, int, str]]:
    """What the owner gets by log-in and by API token: URL, status and body."""
    for headers in (logged_in(world.people[Role.OWNER]), {"Authorization": f"Bearer {world.tokens[Role.OWNER]}"}):
        for route in all_routes():
            path = route.path(values.arguments(route, world.slug, Things(world)))
            if path not in NOT_ASKED and not path.startswith("/admin/"):
                client = Client(raise_request_exception=False, headers={"Roster-Workspace": world.slug})
                answer: Any = client.get(path, headers=headers)
                body = b"".join(answer) if answer.streaming else answer.content
                yield path, answer.status_code, body.decode(errors="replace")


def _kept(tenant: Tenant) -> Iterator[str]:
    """What the database stores for secrets: ciphertexts, digests, hashes, session keys."""
    yield from (user.password for user in User.objects.all())
    yield from (session.session_key for session in Session.objects.all())
    yield from ApiToken.objects.values_list("digest", flat=True)
    yield from Invitation.objects.values_list("digest", flat=True)
    yield from [settings.SECRET_KEY, *settings.PLATFORM_ENCRYPTION_KEYS]
    with tenant_scope(tenant.id):
        for model, column in _sealed():
            yield from (row.sealed() for row in model._default_manager.values_list(column, flat=True) if row)


def _sealed() -> Iterator[tuple[type[Model], str]]:
    for model in apps.get_models():
        for column in model._meta.local_fields:
            if isinstance(column, EncryptedField):
                yield model, column.name


def test_the_canary_is_in_every_secret_field(world: World) -> None:
    with tenant_scope(world.tenant.id):
        for model, column in _sealed():
            rows = list(model._default_manager.values_list(column, flat=True))
            assert rows
            assert all(encryption.decrypt(row.sealed()) == CANARY for row in rows), (model, column)
