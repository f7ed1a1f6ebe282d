"""The wizard's last step where people write first: it shows what somebody wrote, and what came of it."""

import pytest
from pytest_django import Settings

from tests.billing.people import Member, member
from tests.channels.whatsapp import PROVIDERS, SECRET, Line, just_now, open_line, payload
from tests.conftest import Cast

STEP = "onboarding/test/"


@pytest.fixture
def line(settings: Settings, committed_cast: Cast) -> Line:
    settings.CHANNEL_PROVIDERS, settings.WHATSAPP_APP_SECRET = PROVIDERS, SECRET
    return open_line(committed_cast.acme)


@pytest.fixture
def owner(line: Line, committed_cast: Cast) -> Member:
    return member(committed_cast.alice, line.tenant)


def test_it_says_where_to_write_and_waits(owner: Member) -> None:
    page = owner.read(STEP)
    assert "Waiting for your message" in page
    assert "15550783881?text=Hello" in page


def test_it_shows_what_somebody_wrote(line: Line, owner: Member) -> None:
    line.send(payload("text", timestamp=just_now()))
    assert "Does it come in another color?" in owner.read(STEP)


@pytest.mark.parametrize("since", ["2026-13-45T00:00:00Z", "2026-01-01T00:00:00", "soon", "9999-12-31T23:59:59Z"])
def test_a_time_that_is_none_breaks_nothing(owner: Member, since: str) -> None:
    assert "Say hello" in owner.read(STEP, since=since)
