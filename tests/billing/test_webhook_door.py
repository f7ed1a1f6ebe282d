"""The Stripe webhook: which requests are accepted, what is stored, and that nothing is lost or done twice."""

import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import stripe as sdk
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from djstripe.models import Customer, Event, WebhookEndpoint, WebhookEventTrigger
from pytest_django import Settings

from billing.stripe import setup
from billing.stripe.client import stripe_client
from billing.stripe.events import EventNotice
from billing.subscription import customers
from billing.sync import event_inbox
from billing.tasks import forget_events, overdue_events, take_in
from tests import factories
from tests.sandbox.conftest import STRIPE_KEY, Sandbox
from tests.security.routes import all_routes

Json = dict[str, Any]


def signed(body: str, secret: str, *, age: float = 0) -> str:
    """Stripe's signature header for this body, sent `age` seconds ago."""
    return str(sdk.WebhookSignature.generate_signature_header(body, secret, round(time.time() - age)))


def send(endpoint: WebhookEndpoint, body: str, signature: str | None, **headers: str) -> HttpResponse:
    """POST to the endpoint's URL."""
    if signature is not None:
        headers["Stripe-Signature"] = signature
    path = f"/webhooks/stripe/{endpoint.djstripe_uuid}/"
    answer = Client().post(path, body, content_type="application/json", headers=headers)
    assert isinstance(answer, HttpResponse)
    return answer


def deliver(endpoint: WebhookEndpoint, event: Json) -> HttpResponse:
    """POST a signed body, as Stripe does."""
    body = json.dumps(event, indent=2)
    return send(endpoint, body, signed(body, event_inbox.secret_of(endpoint)))


def arrivals() -> list[int]:
    return list(WebhookEventTrigger.objects.order_by("id").values_list("id", flat=True))


def new_event() -> Json:
    """A real sandbox event about a workspace's customer."""
    client = stripe_client()
    customer = client.v1.customers.create({"email": "billing@acme.example"})
    customers.adopt(factories.make_tenant(), customer.to_dict(for_json=True))
    client.v1.customers.update(customer.id, {"name": "Acme"})
    found = client.v1.events.list({"type": "customer.updated", "limit": 1}).data[0].to_dict(for_json=True)
    assert found["data"]["object"]["id"] == customer.id
    return found


@pytest.fixture
def event(endpoint: WebhookEndpoint) -> Json:
    return new_event()


@pytest.fixture
def heard() -> Any:
    """What the webhook passes on to the rest of billing."""
    notices: list[EventNotice] = []

    def listen(notice: EventNotice, **kwargs: object) -> None:
        notices.append(notice)

    event_inbox.event_kept.connect(listen)
    yield notices
    event_inbox.event_kept.disconnect(listen)


def test_an_event_is_stored_passed_on_and_answered_before_anything_is_fetched(
    endpoint: WebhookEndpoint, event: Json, heard: list[EventNotice], stripe_sandbox: Sandbox
) -> None:
    stripe_sandbox.stripe("reset")

    assert deliver(endpoint, event).status_code == 200

    kept = WebhookEventTrigger.objects.get()
    assert (kept.valid, kept.processed, kept.webhook_endpoint, kept.headers) == (True, False, endpoint, {})
    assert heard == [EventNotice(event["id"], "customer.updated", False, "", event["data"]["object"]["id"])]
    assert stripe_sandbox.http.get("/stripe/control/calls").json()["calls"] == {}


def test_a_stored_event_is_mirrored_once_and_a_replay_adds_nothing(endpoint: WebhookEndpoint, event: Json) -> None:
    assert deliver(endpoint, event).status_code == 200
    (arrival,) = arrivals()
    take_in(arrival)
    take_in(arrival)

    assert Customer.objects.get().name == "Acme"
    assert deliver(endpoint, event).status_code == 200
    assert Event.objects.get().id == event["id"]
    assert WebhookEventTrigger.objects.get().processed


@pytest.mark.parametrize(
    "forge",
    [
        lambda body, secret: None,
        lambda body, secret: "",
        lambda body, secret: signed(body, "whsec_of_somebody_else"),
        lambda body, secret: signed(body + " ", secret),
        lambda body, secret: signed(body, secret, age=310),
        lambda body, secret: signed(body, secret).replace("v1=", "v0="),
        lambda body, secret: signed(body, secret).partition(",")[2],
        lambda body, secret: f"t={time.time():.0f},v1=é{signed(body, secret)[-63:]}",
        lambda body, secret: "t=now,v1=",
        lambda body, secret: signed(body, ""),
    ],
    ids=["none", "empty", "wrong", "tampered", "old", "scheme", "time", "accented", "nonsense", "no-secret"],
)
def test_a_body_without_a_recent_stripe_signature_leaves_no_trace(
    endpoint: WebhookEndpoint, event: Json, forge: Callable[[str, str], str | None]
) -> None:
    body = json.dumps(event)

    answer = send(endpoint, body, forge(body, event_inbox.secret_of(endpoint)))

    assert answer.status_code == 400
    assert json.loads(answer.content)["error"].startswith("The signature is wrong, missing or older")
    assert arrivals() == []


def test_a_signature_almost_five_minutes_old_is_accepted(endpoint: WebhookEndpoint, event: Json) -> None:
    body = json.dumps(event)
    assert send(endpoint, body, signed(body, event_inbox.secret_of(endpoint), age=290)).status_code == 200


def test_while_the_secret_is_rolled_one_of_two_signatures_is_enough(endpoint: WebhookEndpoint, event: Json) -> None:
    """https://docs.stripe.com/webhooks#roll-endpoint-secrets"""
    body = json.dumps(event)
    now, ours = signed(body, event_inbox.secret_of(endpoint)).split(",")
    new = signed(body, "whsec_the_new_one").split(",")[1]
    assert send(endpoint, body, f"{now},{new},{ours},v0=0123").status_code == 200


def test_debug_lets_nobody_choose_the_secret(endpoint: WebhookEndpoint, event: Json, settings: Settings) -> None:
    settings.DEBUG = True
    body = json.dumps(event)
    forged = send(endpoint, body, signed(body, "whsec_mine"), **{"X-Djstripe-Webhook-Secret": "whsec_mine"})
    assert forged.status_code == 400
    assert arrivals() == []


def test_an_endpoint_that_is_not_registered_is_not_found(endpoint: WebhookEndpoint, event: Json) -> None:
    endpoint.djstripe_uuid = uuid4()
    answer = deliver(endpoint, event)
    assert (answer.status_code, arrivals()) == (404, [])


def test_a_live_event_at_a_test_endpoint_is_refused(endpoint: WebhookEndpoint, event: Json) -> None:
    answer = deliver(endpoint, event | {"livemode": True})
    assert answer.status_code == 400
    assert json.loads(answer.content)["error"].startswith("The event is of live mode, this endpoint or the key here")
    assert arrivals() == []


def test_a_test_event_is_refused_once_real_money_is_taken(
    endpoint: WebhookEndpoint, event: Json, settings: Settings
) -> None:
    settings.STRIPE_LIVE_MODE = True
    assert deliver(endpoint, event).status_code == 400
    assert arrivals() == []


def test_an_event_about_another_account_is_refused(endpoint: WebhookEndpoint, event: Json) -> None:
    answer = deliver(endpoint, event | {"account": "acct_somebodyelse"})
    assert answer.status_code == 400
    assert json.loads(answer.content)["error"].startswith("The event is about another account")
    assert arrivals() == []
    assert deliver(endpoint, event | {"account": endpoint.djstripe_owner_account.id}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "[]", "null", '"event"', '{"object": "event"}', '{"object": "event", "id": "evt_1", "type": "x"}',
        '{"object": "event", "id": "evt_1", "type": "x", "data": []}', '{"object": "v2.core.event", "id": "evt_1"}',
        '{"object": "event", "id": 7, "type": "x", "data": {"object": {}}}',
    ],
)  # fmt: skip
def test_a_body_without_an_event_is_refused_even_when_signed(endpoint: WebhookEndpoint, body: str) -> None:
    assert send(endpoint, body, signed(body, event_inbox.secret_of(endpoint))).status_code == 400
    assert arrivals() == []


def test_invalid_utf8_is_refused(endpoint: WebhookEndpoint) -> None:
    path = f"/webhooks/stripe/{endpoint.djstripe_uuid}/"
    answer = Client().post(path, b"\xff\xfe", content_type="application/json", headers={"Stripe-Signature": "t=1,v1=a"})
    assert answer.status_code == 400


def test_without_a_key_no_event_is_accepted(endpoint: WebhookEndpoint, event: Json, settings: Settings) -> None:
    settings.STRIPE_KEY = ""
    assert deliver(endpoint, event).status_code == 503
    assert arrivals() == []


def test_only_post_is_answered(endpoint: WebhookEndpoint) -> None:
    assert Client().get(f"/webhooks/stripe/{endpoint.djstripe_uuid}/").status_code == 405


def test_a_body_that_is_too_long_is_refused_before_it_is_read(endpoint: WebhookEndpoint) -> None:
    body = json.dumps({"padding": "x" * (4 * 1024 * 1024)})
    assert send(endpoint, body, signed(body, event_inbox.secret_of(endpoint))).status_code == 413


def test_dj_stripes_own_view_has_no_url() -> None:
    """With DEBUG it would read the secret from a request header."""
    assert {route.view.__module__.partition(".")[0] for route in all_routes() if "stripe" in route.pattern} == {
        "billing"
    }


def test_no_secret_is_ever_in_the_logs(
    endpoint: WebhookEndpoint, event: Json, caplog: pytest.LogCaptureFixture, stripe_sandbox: Sandbox
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = event_inbox.secret_of(endpoint)
    body = json.dumps(event)
    send(endpoint, body, signed(body + " ", secret))
    deliver(endpoint, event | {"livemode": True})
    deliver(endpoint, event)
    stripe_sandbox.stripe("faults", method="*", kind="500", times=9)
    take_in(arrivals()[0])

    told = caplog.text + str(list(WebhookEventTrigger.objects.values()))
    assert "was refused (400)" in told
    assert [each for each in (secret, secret[6:], STRIPE_KEY, endpoint.secret) if each in told] == []


def test_while_stripe_is_down_the_event_waits_and_the_sweep_processes_it(
    endpoint: WebhookEndpoint, event: Json, stripe_sandbox: Sandbox, heard: list[EventNotice]
) -> None:
    deliver(endpoint, event)
    (arrival,) = arrivals()
    stripe_sandbox.stripe("faults", method="*", kind="503", times=2)
    take_in(arrival)

    waiting = WebhookEventTrigger.objects.get()
    assert (waiting.processed, waiting.event, bool(waiting.exception)) == (False, None, True)
    assert len(heard) == 1, "the fast path was notified anyway"
    assert not Event.objects.exists()
    assert event_inbox.due(timezone.now()) == []
    assert event_inbox.due(timezone.now() + timedelta(seconds=30)) == [arrival]
    take_in(arrival)
    assert (WebhookEventTrigger.objects.get().processed, Event.objects.count()) == (True, 1)


def test_a_few_are_mirrored_at_once_and_the_others_come_later(endpoint: WebhookEndpoint, event: Json) -> None:
    deliver(endpoint, event)
    (arrival,) = arrivals()
    with ExitStack() as others:
        for _ in range(event_inbox.AT_ONCE):
            others.enter_context(event_inbox.slots)
        take_in(arrival)
        assert not Event.objects.exists()
    take_in(arrival)
    assert Event.objects.exists()


def test_the_pauses_between_attempts_grow_and_end_after_three_days(endpoint: WebhookEndpoint, event: Json) -> None:
    deliver(endpoint, event)
    (arrival,) = arrivals()
    now = timezone.now()

    def after(age: timedelta, pause: timedelta) -> bool:
        WebhookEventTrigger.objects.update(created=now - age, updated=now - pause)
        return event_inbox.due(now) == [arrival]

    assert after(timedelta(hours=8), timedelta(hours=2, minutes=1))
    assert not after(timedelta(hours=8), timedelta(hours=1, minutes=59))
    assert after(timedelta(seconds=25), timedelta(seconds=25)), "the wake-up was lost"
    assert not after(timedelta(days=3, minutes=1), timedelta(days=2))
    assert list(overdue_events()) == []


def test_old_events_are_deleted_and_recent_ones_are_not(endpoint: WebhookEndpoint, event: Json) -> None:
    deliver(endpoint, event)
    take_in(arrivals()[0])
    forget_events()
    assert (WebhookEventTrigger.objects.count(), Event.objects.count()) == (1, 1)
    now = timezone.now()
    WebhookEventTrigger.objects.update(created=now - timedelta(days=8))
    forget_events()
    assert (WebhookEventTrigger.objects.count(), Event.objects.count()) == (0, 1)
    assert deliver(endpoint, event).status_code == 200
    assert arrivals() == [], "a replay is recognized by the event itself"
    Event.objects.update(djstripe_created=now - timedelta(days=46))
    forget_events()
    assert not Event.objects.exists()
    assert Customer.objects.exists()


def test_an_event_about_a_deleted_object_is_processed(endpoint: WebhookEndpoint) -> None:
    client = stripe_client()
    product = client.v1.products.create({"name": "Short-lived"})
    made = client.v1.events.list({"type": "product.created", "limit": 1}).data[0].to_dict(for_json=True)
    client.v1.products.delete(product.id)

    assert deliver(endpoint, made).status_code == 200
    take_in(arrivals()[0])

    assert WebhookEventTrigger.objects.get().processed


def test_an_event_about_an_unknown_customer_is_answered_and_not_stored(endpoint: WebhookEndpoint) -> None:
    """For example a customer of another installation in the same account, or of a deleted workspace."""
    client = stripe_client()
    client.v1.customers.update(client.v1.customers.create().id, {"email": "somebody@elsewhere.example"})
    stranger = client.v1.events.list({"type": "customer.updated", "limit": 1}).data[0].to_dict(for_json=True)

    assert deliver(endpoint, stranger).status_code == 200
    take_in(arrivals()[0])

    assert (arrivals(), Event.objects.count(), Customer.objects.count()) == ([], 0, 0)


def test_four_copies_at_once_are_one_event(committed: None, stripe_sandbox: Sandbox) -> None:
    setup.set_up(lambda sentence: None)
    endpoint, event = WebhookEndpoint.objects.get(), new_event()

    def copy(_: int) -> int:
        try:
            return deliver(endpoint, event).status_code
        finally:
            connection.close()

    def mirror(arrival: int) -> None:
        try:
            take_in(arrival)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(copy, range(4))) == [200] * 4
        list(threads.map(mirror, arrivals()))
    assert Event.objects.get().id == event["id"]
    assert Customer.objects.get().id == event["data"]["object"]["id"]
    assert not event_inbox.waiting().exists()
