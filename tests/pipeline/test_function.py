"""Where a channel forbids assistants for general purposes, an employee keeps to its business function."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from agents.models import AgentRevision
from agents.runs.context import Scene
from agents.runs.prompt import prompt_for
from channels.providers.registry import provider_named

NOW = datetime(2026, 11, 30, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("function", "kept"),
    [("Orders of\nBloom Bakery", "function: Orders of Bloom Bakery."), ("", "function: Front desk.")],
)
def test_the_prompt_keeps_it_to_its_function_and_declines_the_rest(function: str, kept: str) -> None:
    rosa = AgentRevision(
        tenant_id=uuid4(), name="Rosa", job_title="Front desk", business_function=function, instructions="Be kind."
    )
    system = prompt_for(rosa, [], Scene("Any", NOW, needs_function=True), "en").system
    assert kept in system
    assert "Decline everything else" in system
    assert "Decline everything" not in prompt_for(rosa, [], Scene("Slack", NOW), "en").system


def test_the_channel_says_whether_that_is_so() -> None:
    assert [name for name in ("slack", "whatsapp") if provider_named(name).capabilities.needs_function] == ["whatsapp"]
