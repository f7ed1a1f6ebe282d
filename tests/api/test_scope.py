"""A response contains only its own tenant's rows, to its last byte."""

from typing import Any
from uuid import UUID

import pytest
from rest_framework.renderers import JSONRenderer

from tenants.scope import NoTenantError, current_tenant_id
from tests.api.conftest import Caller
from tests.conftest import Cast


@pytest.fixture
def rendered_for(monkeypatch: pytest.MonkeyPatch) -> list[UUID | None]:
    """The tenant whose scope is open while the response is written; querysets may be read that late."""
    seen: list[UUID | None] = []
    render = JSONRenderer.render

    def watched(self: JSONRenderer, *args: Any, **kwargs: Any) -> bytes:
        try:
            seen.append(current_tenant_id())
        except NoTenantError:
            seen.append(None)
        return render(self, *args, **kwargs)

    monkeypatch.setattr(JSONRenderer, "render", watched)
    return seen


def test_answer_is_written_while_the_scope_is_open(acme: Caller, cast: Cast, rendered_for: list[UUID | None]) -> None:
    acme.get("agents/")
    acme.get("usage/summary")
    assert rendered_for == [cast.acme.id, cast.acme.id]


def test_call_to_a_provider_holds_no_scope(acme: Caller, rendered_for: list[UUID | None]) -> None:
    acme.post("channels/slack/install")
    assert rendered_for == [None]
    with pytest.raises(NoTenantError):
        current_tenant_id()
