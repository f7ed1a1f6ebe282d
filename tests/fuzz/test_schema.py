"""Every operation of the API's schema, with valid and invalid input, as each role and as nobody: no server error."""

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
"""The model whose ids a path takes, by the path's first part."""

CHECKS = {
    # 502: Slack isn't available here; that answer is documented and right.
    "not_a_server_error": {"expected-statuses": ["2xx", "4xx", "502"]},
    # Input that is valid by the schema may still be refused: a model without a price, no free seat.
    "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "401", "403", "404", "409", "422", "502"]},
}


def schema_of_the_code(*, is_thorough: bool) -> Any:
    """The schema generated from the code. In thorough mode, also each parameter at and beyond its limits."""
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
    """A filled workspace, committed; each call is rolled back."""
    with django_db_blocker.unblock(), override_settings(**QUIET, ALLOWED_HOSTS=["localhost", "testserver"]):
        made = furnish("acme")
        logging.disable(logging.CRITICAL)
        for signal in BETWEEN_REQUESTS:  # as Django's test client does: they close the transaction's connection
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
    """Send the call with a token of this role, and run all checks on the response."""
    headers = {"Authorization": f"Bearer {world.tokens[role]}"} if role else {}
    _lead_to_something(case, world)
    with transaction.atomic():
        case.call_and_validate(headers=headers)
        transaction.set_rollback(True)


def _lead_to_something(case: Case, world: World) -> None:
    """Replace most ids with those of existing rows, since random ids are always unknown."""
    given: Any = case.path_parameters
    if given and "id" in given and _is_id(given["id"]) and next(_turn) % 4:
        part = case.operation.path.removeprefix("/api/v1/").split("/")[0]
        case.path_parameters = {**given, "id": world.id_of(OF[part])}


def _is_id(value: object) -> bool:
    try:
        return bool(UUID(str(value)))
    except ValueError:
        return False
