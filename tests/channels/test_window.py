"""The 24 hours after a person's last message: what is sent then, and what the conversation's page says about it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.utils import timezone
from pytest_django import Settings

from agents.models import Conversation
from channels.outreach.window import Window
from tenants.scope import tenant_scope
from tests.billing.people import member
from tests.channels.graph import Graph, graph
from tests.channels.whatsapp import PROVIDERS, SECRET, Line, just_now, open_line, payload
from tests.conftest import Cast

DAY = 24 * 60 * 60


@pytest.fixture
def meta(settings: Settings) -> Iterator[Graph]:
    settings.CHANNEL_PROVIDERS, settings.QUIET_SECONDS, settings.WHATSAPP_APP_SECRET = PROVIDERS, 0, SECRET
    with graph() as made:
        settings.WHATSAPP_GRAPH_URL = made.url
        yield made


@pytest.fixture
def line(meta: Graph, committed_cast: Cast) -> Line:
    return open_line(committed_cast.acme)


def said(ago: float, key: str = "wamid.1") -> dict[str, object]:
    return payload("audio", timestamp=just_now(ago), id=key)


def page_of(line: Line, cast: Cast) -> str:
    with tenant_scope(line.tenant.id):
        conversation = Conversation.objects.get()
    return member(cast.alice, line.tenant).read(f"conversations/{conversation.id}/")


def test_after_24_hours_nothing_is_sent_and_nobody_is_asked(line: Line, meta: Graph, committed_cast: Cast) -> None:
    line.send(said(DAY + 1))
    line.work()
    delivery = line.last_delivery()
    assert (delivery.state, delivery.cause, meta.asked) == ("failed", "refused:window_closed", [])
    assert line.events() == [("audio", "failed")]
    page = page_of(line, committed_cast)
    assert "Not delivered" in page
    assert "More than 24 hours have passed since the person last wrote: WhatsApp takes only a template now" in page
    assert "WhatsApp takes only templates until they write again." in page


def test_within_24_hours_it_is_sent_as_always(line: Line, meta: Graph, committed_cast: Cast) -> None:
    line.send(said(DAY - 60))
    line.work()
    assert (line.deliveries(), len(meta.asked)) == (["sent"], 1)
    assert "Free text until" in page_of(line, committed_cast)


def test_the_last_message_counts_in_whichever_order_they_come(line: Line, meta: Graph) -> None:
    line.send(said(60))
    line.send(said(2 * DAY, "wamid.2"))
    line.work()
    assert line.deliveries() == ["sent"]


def test_a_new_message_opens_a_closed_window(line: Line, meta: Graph) -> None:
    line.send(said(2 * DAY))
    line.work()
    line.send(said(1, "wamid.2"))
    line.work()
    assert (line.deliveries(), len(meta.asked)) == (["failed", "sent"], 1)


def test_today_and_tomorrow_are_told_apart_in_the_reader_s_zone(settings: Settings) -> None:
    closes = timezone.now().astimezone(UTC).replace(hour=23, minute=30)
    with timezone.override(UTC):
        assert not Window(closes, 24).is_tomorrow
    with timezone.override("Asia/Tokyo"):
        is_next_day = timezone.localdate(closes) != timezone.localdate(datetime.now(UTC))
        assert Window(closes, 24).is_tomorrow is is_next_day


def test_where_there_is_no_window_the_page_says_nothing_of_it(line: Line, committed_cast: Cast) -> None:
    line.send(said(1))
    with tenant_scope(line.tenant.id):
        Conversation.objects.update(channel="slack")
    assert "templates" not in page_of(line, committed_cast)
