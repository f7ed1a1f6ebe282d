"""Every operation of the API's schema, right and wrong, as each role and as nobody: no error of ours, no surprise."""

import itertools
import logging
import os
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import override_settings
from drf_spectacular.generators import SchemaGenerator
from pytest_django import DjangoDbBlocker
from schemathesis.config import SchemathesisConfig

from config.local.embedded.postgres import Postgres
from tenants.models import Role
from tests.conftest import empty
from tests.isolation.conftest import QUIET
from tests.isolation.furnishing import World, furnish

IS_LONG = os.environ.get("FUZZ") == "long"
EXAMPLES = 150 if IS_LONG else 4
OF = {"agents": "Agent", "channels": "Connection", "conversations": "Conversation", "members": "Membership"}
OF |= {"invitations": "Invitation", "tokens": "ApiToken"}
"""Whose ids an address takes, by the first part of it."""

CHECKS = {
    # 502: nobody plays Slack here, which is documented, and the right answer.
    "not_a_server_error": {"expected-statuses": ["2xx", "4xx", "502"]},
    # What is right by the schema may be refused for the workspace's sake: a model without a price, no free seat.
    "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "401", "403", "404", "409", "422", "502"]},
}


def schema_of_the_code(*, is_thorough: bool) -> Any:
    """What the code says that it takes and answers. Thorough: also each parameter at and beyond its limits, in turn."""
    phases = {"coverage": {"enabled": is_thorough}, "stateful": {"enabled": False}}
    generation = {"deterministic": True, "max-examples": EXAMPLES, "no-shrink": True}
    config = {"seed": 1, "generation": generation, "phases": phases, "checks": CHECKS, "suppress-health-check": ["all"]}
    made = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    schema = schemathesis.openapi.from_dict(made, config=SchemathesisConfig.from_dict(config))
    schema.app = get_wsgi_application()
    return schema


THOROUGH, BRIEF = schema_of_the_code(is_thorough=True), schema_of_the_code(is_thorough=IS_LONG)
pytestmark = pytest.mark.timeout(1800)
Case = schemathesis.Case[Any]
BETWEEN_REQUESTS = (request_started, request_finished)
_turn = itertools.count()


@pytest.fixture(scope="module")
def world(django_db_setup: None, postgres: Postgres, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """A furnished workspace, committed; each call is rolled back."""
    with django_db_blocker.unblock(), override_settings(**QUIET, ALLOWED_HOSTS=["localhost", "testserver"]):
        made = furnish("acme")
        logging.disable(logging.CRITICAL)
        for signal in BETWEEN_REQUESTS:  # Django's own test client does so: they close the transaction's connection
            signal.disconnect(close_old_connections)
        yield made
        for signal in BETWEEN_REQUESTS:
            signal.connect(close_old_connections)
        logging.disable(logging.NOTSET)
    empty(postgres)


@pytest.mark.parametrize("role", [Role.OWNER, None], ids=lambda role: role or "nobody")
@THOROUGH.parametrize()
def test_no_call_breaks_or_surprises(case: Case, role: Role | None, world: World) -> None:
    judge(case, role, world)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR, Role.VIEWER])
@BRIEF.parametrize()
def test_no_call_of_lesser_roles_breaks_or_surprises(case: Case, role: Role, world: World) -> None:
    judge(case, role, world)


def judge(case: Case, role: Role | None, world: World) -> None:
    """Send it with a token of this role, and hold the answer against all checks."""
    headers = {"Authorization": f"Bearer {world.tokens[role]}"} if role else {}
    _lead_to_something(case, world)
    with transaction.atomic():
        case.call_and_validate(headers=headers)
        transaction.set_rollback(True)


def _lead_to_something(case: Case, world: World) -> None:
    """Most ids are made those of rows that exist: an id at random is always unknown."""
    given: Any = case.path_parameters
    if given and "id" in given and _is_id(given["id"]) and next(_turn) % 4:
        part = case.operation.path.removeprefix("/api/v1/").split("/")[0]
        case.path_parameters = {**given, "id": world.id_of(OF[part])}


def _is_id(value: object) -> bool:
    try:
        return bool(UUID(str(value)))
    except ValueError:
        return False
