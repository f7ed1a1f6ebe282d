"""Calls to Slack and Stripe end in time, whatever way the other side hangs."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import requests
from pytest_django import Settings

from billing.errors import StripeBusyError, StripeDownError
from billing.stripe import client
from channels.providers.base import BusyError, OutcomeUnknownError
from channels.providers.shapes.sending import Account, Outgoing
from channels.providers.slack import client as slack
from tenants.outbound import deadlines, patience
from tests.availability.hanging import BEGINNINGS, Hanging, hanging

SECONDS = 0.6
LATEST = 3.0
"""Later than a call ends on a busy machine, far earlier than a call whose timeout restarts with each byte."""
ACCOUNT = Account("xoxb-for-tests")


@pytest.fixture(params=sorted(BEGINNINGS))
def peer(request: pytest.FixtureRequest) -> Iterator[Hanging]:
    """It sends bytes too often for any socket timeout."""
    with hanging(request.param) as found:
        yield found


@pytest.fixture
def began() -> float:
    return time.monotonic()


def test_a_call_to_slack_ends(peer: Hanging, settings: Settings, began: float) -> None:
    settings.SLACK_API_URL = f"{peer.url}/api/"
    with pytest.raises(OutcomeUnknownError):
        slack.Slack().verify(ACCOUNT, 1)
    assert time.monotonic() - began < LATEST
    assert len(peer.taken) == 1


def test_a_post_whose_answer_never_ends_has_an_unknown_outcome(peer: Hanging, settings: Settings, began: float) -> None:
    settings.SLACK_API_URL, settings.WEB_PROVIDER_SECONDS = f"{peer.url}/api/", SECONDS
    with patience.visit(), pytest.raises(OutcomeUnknownError):
        slack.Slack().post(ACCOUNT, Outgoing(uuid4(), {"channel": "C1"}, "Hello", datetime.now(UTC)))
    assert time.monotonic() - began < LATEST


def test_a_call_to_stripe_ends(peer: Hanging, settings: Settings, began: float) -> None:
    settings.STRIPE_API_URL = peer.url
    with pytest.raises(StripeDownError, match="does not answer"), client.connected(within=SECONDS) as stripe:
        stripe.v1.products.list()
    assert time.monotonic() - began < LATEST


def test_all_calls_of_a_request_end_together(peer: Hanging, settings: Settings, began: float) -> None:
    """Even with the SDK's retry and a timeout of 20 s each."""
    settings.STRIPE_API_URL, settings.SLACK_API_URL = peer.url, f"{peer.url}/api/"
    settings.WEB_PROVIDER_SECONDS = SECONDS
    with patience.visit():
        for _ in range(2):
            with pytest.raises(StripeDownError), client.connected() as stripe:
                stripe.v1.products.list()
        with pytest.raises(OutcomeUnknownError):
            slack.Slack().start_test(ACCOUNT, "Test", "Hello?")
    assert time.monotonic() - began < 2 * LATEST


def test_a_session_still_works_after_redirects_and_reuse(peer: Hanging, began: float) -> None:
    session = deadlines.Session()
    for _ in range(2):
        with pytest.raises(requests.RequestException):
            session.request("GET", peer.url, timeout=SECONDS / 2)
    assert time.monotonic() - began < LATEST


def test_only_a_limited_number_of_requests_wait_for_one_service(settings: Settings) -> None:
    settings.WEB_PROVIDER_PLACES = 2
    with patience.visit() as first, patience.visit():
        patience.enter("Stripe")
        patience.enter("Stripe")  # a second call by the same request needs no second slot
        with patience.visit():
            patience.enter("Stripe")
            with patience.visit() as refused, pytest.raises(StripeBusyError), client.connected():
                pytest.fail("no call is allowed")
            assert refused.is_refused
            patience.enter("Slack")  # another service has its own slots
        patience.enter("Stripe")
        assert not first.is_refused
    with patience.visit(), patience.visit():
        patience.enter("Stripe")  # all were released


def test_a_full_slack_queue_says_that_nothing_was_sent(settings: Settings) -> None:
    settings.WEB_PROVIDER_PLACES = 1
    with patience.visit():
        patience.enter("Slack")
        with patience.visit(), pytest.raises(BusyError, match="Nothing was changed"):
            slack.Slack().start_test(ACCOUNT, "Test", "Hello?")


def test_a_worker_needs_no_slot(settings: Settings) -> None:
    settings.WEB_PROVIDER_PLACES = 1
    with patience.visit():
        patience.enter("Stripe")
    for _ in range(3):
        patience.enter("Stripe")
