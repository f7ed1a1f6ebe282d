"""Events and their deliveries, checked with Stripe's own SDK."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from stripe import InvalidRequestError, SignatureVerificationError, StripeClient, Webhook

from tests.sandbox.conftest import Sandbox, poll
from tests.sandbox.receiver import Receiver
from tests.sandbox.stripe_hook import Hook, hooked
from tests.sandbox.stripe_shapes import ShapeJudge

PRODUCT_EVENTS = ("product.created", "product.updated", "product.deleted")


@pytest.fixture
def hook(stripe: StripeClient, stripe_receiver: Receiver) -> Iterator[Hook]:
    """An endpoint for product events."""
    yield from hooked(stripe, stripe_receiver, *PRODUCT_EVENTS)


def deliveries(sandbox: Sandbox, event: str) -> list[dict[str, Any]]:
    """An event's deliveries, from the control API."""
    answer = sandbox.http.get("/stripe/control/deliveries", params={"event": event})
    found: list[dict[str, Any]] = answer.json()["deliveries"]
    return found


def test_an_endpoint_shows_its_secret_once(stripe: StripeClient, hook: Hook) -> None:
    assert hook.secret.startswith("whsec_")
    assert "secret" not in stripe.v1.webhook_endpoints.retrieve(hook.id).to_dict()
    with pytest.raises(InvalidRequestError) as missing:
        stripe.v1.webhook_endpoints.retrieve("we_none")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"url": "nowhere", "enabled_events": ["*"]}, "url"),
        ({"url": "http://127.0.0.1/", "enabled_events": ["product.exploded"]}, "enabled_events[0]"),
        ({"url": "http://127.0.0.1/", "enabled_events": []}, "enabled_events"),
        ({"url": "http://127.0.0.1/"}, "enabled_events"),
        ({"url": "http://127.0.0.1/", "enabled_events": ["*"], "connect": True}, "connect"),
        ({"url": "http://127.0.0.1/", "enabled_events": ["*"], "api_version": "2020-08-27"}, "api_version"),
        ({"url": "http://127.0.0.1/", "enabled_events": ["*"], "colour": "red"}, "colour"),
    ],
)
def test_a_wrong_endpoint_is_refused(stripe: StripeClient, params: dict[str, Any], param: str) -> None:
    before = stripe.v1.webhook_endpoints.list().data
    with pytest.raises(InvalidRequestError) as refused:
        stripe.v1.webhook_endpoints.create(params)  # type: ignore[arg-type]
    assert (refused.value.http_status, refused.value.param) == (400, param)
    assert len(stripe.v1.webhook_endpoints.list().data) == len(before)


def test_an_event_arrives_signed_with_a_snapshot_and_its_request(
    stripe: StripeClient, hook: Hook, judge: ShapeJudge
) -> None:
    product = stripe.v1.products.create({"name": "AI employee"}, {"idempotency_key": "the-key"})
    received = hook.receiver.next()
    event = hook.verified(received)
    assert received.headers["user-agent"].startswith("Stripe/1.0")
    assert received.headers["content-type"] == "application/json; charset=utf-8"
    assert (event["type"], event["api_version"], event["pending_webhooks"]) == (
        "product.created",
        "2026-05-27.dahlia",
        1,
    )
    assert event["data"]["object"] == product.to_dict()
    assert event["request"]["id"] == product.last_response.request_id  # type: ignore[union-attr]
    assert event["request"]["idempotency_key"] == "the-key"
    stored = poll(lambda: _delivered(stripe, event["id"]))
    assert stored.to_dict() == event | {"pending_webhooks": 0}
    judge.approve(event, stored.to_dict())


def _delivered(stripe: StripeClient, event: str) -> Any:
    [found] = stripe.v1.events.list({"type": "product.created", "limit": 1}).data
    return found if found.id == event and found.pending_webhooks == 0 else None


def test_an_update_includes_the_previous_values(stripe: StripeClient, hook: Hook) -> None:
    product = stripe.v1.products.create({"name": "Old", "metadata": {"kept": "1", "changed": "1"}})
    stripe.v1.products.update(product.id, {"name": "New", "metadata": {"changed": "2", "added": "1"}})
    before = hook.next("product.updated")["data"]["previous_attributes"]
    assert before["name"] == "Old"
    assert before["metadata"] == {"changed": "1", "added": None}


def test_only_events_that_the_endpoint_wants_are_sent(stripe: StripeClient, hook: Hook) -> None:
    stripe.v1.coupons.create({"percent_off": 10})
    stripe.v1.products.create({"name": "AI employee"})
    assert hook.next()["type"] == "product.created"


def test_a_wrong_secret_and_a_changed_body_do_not_verify(stripe: StripeClient, hook: Hook) -> None:
    stripe.v1.products.create({"name": "AI employee"})
    received = hook.receiver.next()
    header = received.headers["stripe-signature"]
    for body, secret in ((received.body, "whsec_other"), (received.body.replace(b"AI", b"A1"), hook.secret)):
        with pytest.raises(SignatureVerificationError):
            Webhook.construct_event(body, header, secret)


def test_a_failed_delivery_is_retried_with_growing_delays(stripe: StripeClient, hook: Hook, sandbox: Sandbox) -> None:
    hook.receiver.answers += [(500, {}), (302, {"Location": hook.receiver.url})]
    stripe.v1.products.create({"name": "AI employee"})
    ids = [hook.next()["id"] for _ in range(3)]
    assert len(set(ids)) == 1
    (delivery,) = poll(lambda: [one for one in deliveries(sandbox, ids[0]) if one["state"] == "delivered"])
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 302, 200]
    times = [attempt["at"] for attempt in delivery["attempts"]]
    assert times[1] - times[0] >= 0.1
    assert times[2] - times[1] >= 0.2


def test_after_the_last_retry_a_delivery_has_failed_and_stays_pending_for_stripe(
    stripe: StripeClient, hook: Hook, sandbox: Sandbox
) -> None:
    hook.receiver.answers += [(500, {})] * 3
    stripe.v1.products.create({"name": "AI employee"})
    (event,) = {hook.next()["id"] for _ in range(3)}
    assert poll(lambda: [one for one in deliveries(sandbox, event) if one["state"] == "failed"])
    newest = stripe.v1.events.list({"type": "product.created", "limit": 1}).data[0]
    assert (newest.id, newest.pending_webhooks) == (event, 1)


def test_a_disabled_endpoint_gets_nothing(stripe: StripeClient, hook: Hook) -> None:
    assert stripe.v1.webhook_endpoints.update(hook.id, {"disabled": True}).status == "disabled"
    stripe.v1.products.create({"name": "Unheard"})
    assert stripe.v1.webhook_endpoints.update(hook.id, {"disabled": False}).status == "enabled"
    stripe.v1.products.create({"name": "Heard"})
    assert hook.next()["data"]["object"]["name"] == "Heard"


def test_pending_deliveries_survive_a_restart(stripe: StripeClient, hook: Hook, sandbox: Sandbox) -> None:
    hook.receiver.answers += [(500, {})]
    product = stripe.v1.products.create({"name": "Owed"})
    hook.next()
    assert sandbox.stop() == 0
    sandbox.start()
    assert hook.next("product.created")["data"]["object"]["id"] == product.id


def test_the_control_api_refuses_nonsense(sandbox: Sandbox) -> None:
    for path, body, status in (
        ("authenticate", {"intent": "pi_none"}, 404),
        ("authenticate", {}, 404),
        ("faults", {"kind": "fire"}, 400),
    ):
        assert sandbox.http.post(f"/stripe/control/{path}", json=body).status_code == status, path
