"""Events and their deliveries, judged by Stripe's own SDK."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
    """An endpoint for events of products."""
    yield from hooked(stripe, stripe_receiver, *PRODUCT_EVENTS)


def deliveries(sandbox: Sandbox, event: str) -> list[dict[str, Any]]:
    """What the control API tells of an event's deliveries."""
    answer = sandbox.http.get("/stripe/control/deliveries", params={"event": event})
    found: list[dict[str, Any]] = answer.json()["deliveries"]
    return found


def test_an_endpoint_has_stripes_shape_and_shows_its_secret_once(
    stripe: StripeClient, judge: ShapeJudge, stripe_receiver: Receiver
) -> None:
    made = stripe.v1.webhook_endpoints.create(
        {"url": stripe_receiver.url, "enabled_events": ["*"], "metadata": {"a": "b"}, "description": "mine"}
    )
    try:
        assert made.secret
        assert made.secret.startswith("whsec_")
        again = stripe.v1.webhook_endpoints.retrieve(made.id)
        assert "secret" not in again.to_dict()
        listed = stripe.v1.webhook_endpoints.list()
        assert made.id in [endpoint.id for endpoint in listed.data]
        judge.approve(made.to_dict(), again.to_dict(), listed.to_dict())
    finally:
        gone = stripe.v1.webhook_endpoints.delete(made.id)
    judge.approve(gone.to_dict())
    with pytest.raises(InvalidRequestError) as missing:
        stripe.v1.webhook_endpoints.retrieve(made.id)
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


def test_an_event_comes_signed_with_a_snapshot_and_its_request(
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
    found = stripe.v1.events.retrieve(event)
    return found if found.pending_webhooks == 0 else None


def test_an_update_tells_what_was_there_before(stripe: StripeClient, hook: Hook) -> None:
    product = stripe.v1.products.create({"name": "Old", "metadata": {"kept": "1", "changed": "1"}})
    stripe.v1.products.update(product.id, {"name": "New", "metadata": {"changed": "2", "added": "1"}})
    before = hook.next("product.updated")["data"]["previous_attributes"]
    assert before["name"] == "Old"
    assert before["metadata"] == {"changed": "1", "added": None}


def test_only_events_that_the_endpoint_wants_are_sent(stripe: StripeClient, hook: Hook) -> None:
    stripe.v1.coupons.create({"percent_off": 10})
    stripe.v1.products.create({"name": "AI employee"})
    assert hook.next()["type"] == "product.created"


def test_a_wrong_secret_a_changed_body_and_an_old_signature_do_not_verify(
    stripe: StripeClient, hook: Hook, sandbox: Sandbox
) -> None:
    stripe.v1.products.create({"name": "AI employee"})
    received = hook.receiver.next()
    header = received.headers["stripe-signature"]
    for body, secret in ((received.body, "whsec_other"), (received.body.replace(b"AI", b"A1"), hook.secret)):
        with pytest.raises(SignatureVerificationError):
            Webhook.construct_event(body, header, secret)
    event = hook.verified(received)
    sandbox.stripe(f"events/{event['id']}/redeliver", age=310)
    with pytest.raises(SignatureVerificationError, match="tolerance"):
        hook.verified(hook.receiver.next())


def test_while_a_secret_is_rolled_both_sign(stripe: StripeClient, hook: Hook, sandbox: Sandbox) -> None:
    rolled = sandbox.stripe(f"webhook_endpoints/{hook.id}/roll", seconds=3600)["secret"]
    product = stripe.v1.products.create({"name": "AI employee"})
    received = hook.receiver.next()
    assert received.headers["stripe-signature"].count("v1=") == 2
    new = Hook(hook.id, rolled, hook.receiver)
    assert hook.verified(received) == new.verified(received)
    sandbox.stripe(f"webhook_endpoints/{hook.id}/roll", seconds=0)
    stripe.v1.products.delete(product.id)
    with pytest.raises(SignatureVerificationError):
        hook.verified(hook.receiver.next())


def test_what_is_not_taken_comes_again_with_growing_delays(stripe: StripeClient, hook: Hook, sandbox: Sandbox) -> None:
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
    assert stripe.v1.events.retrieve(event).pending_webhooks == 1
    failed = stripe.v1.events.list({"delivery_success": False, "type": "product.*"})
    assert event in [one.id for one in failed.data]


def test_a_disabled_endpoint_gets_nothing(stripe: StripeClient, hook: Hook) -> None:
    assert stripe.v1.webhook_endpoints.update(hook.id, {"disabled": True}).status == "disabled"
    stripe.v1.products.create({"name": "Unheard"})
    assert stripe.v1.webhook_endpoints.update(hook.id, {"disabled": False}).status == "enabled"
    stripe.v1.products.create({"name": "Heard"})
    assert hook.next()["data"]["object"]["name"] == "Heard"


def test_held_events_are_released_in_any_order(stripe: StripeClient, hook: Hook, sandbox: Sandbox) -> None:
    sandbox.stripe("deliveries/hold")
    product = stripe.v1.products.create({"name": "AI employee"})
    stripe.v1.products.update(product.id, {"name": "Another"})
    stripe.v1.products.delete(product.id)
    held = [event.id for event in stripe.v1.events.list({"types": list(PRODUCT_EVENTS), "limit": 3}).data]
    order = [held[1], held[0], held[2]]
    assert hook.receiver.received.empty()
    released = sandbox.stripe("deliveries/release", order=order)
    assert released["statuses"] == [200, 200, 200]
    assert [hook.next()["id"] for _ in range(3)] == order


def test_dropped_events_never_come(stripe: StripeClient, hook: Hook, sandbox: Sandbox) -> None:
    sandbox.stripe("deliveries/hold")
    lost = stripe.v1.products.create({"name": "Lost"})
    assert sandbox.stripe("deliveries/drop") == {"dropped": 1}
    stripe.v1.products.create({"name": "Next"})
    assert hook.next()["data"]["object"]["id"] != lost.id
    assert hook.receiver.received.empty()


def test_an_event_is_sent_again_several_times_also_at_once(stripe: StripeClient, hook: Hook, sandbox: Sandbox) -> None:
    stripe.v1.products.create({"name": "AI employee"})
    event = hook.next()["id"]
    assert sandbox.stripe(f"events/{event}/redeliver", times=2)["statuses"] == [200, 200]
    hook.receiver.answers += [(0, {}), (200, {})]  # the first is held by the receiver while the second goes through
    with ThreadPoolExecutor(1) as threads:
        both = threads.submit(sandbox.stripe, f"events/{event}/redeliver", times=2, at_once=True)
        assert {hook.next()["id"] for _ in range(4)} == {event}
        hook.receiver.released.set()
        assert sorted(str(status) for status in both.result()["statuses"]) == ["200", "None"]
    hook.receiver.released.clear()


def test_stored_events_are_replayed_in_the_order_asked_for(stripe: StripeClient, hook: Hook, sandbox: Sandbox) -> None:
    ids = []
    for name in ("one", "two", "three"):
        stripe.v1.products.create({"name": name})
        ids.append(hook.next()["id"])
    order = [ids[2], ids[0], ids[1], ids[0]]
    sandbox.stripe("events/replay", order=order)
    assert [hook.next()["id"] for _ in order] == order


def test_events_are_listed_by_type_and_time(stripe: StripeClient, judge: ShapeJudge) -> None:
    product = stripe.v1.products.create({"name": "Listed"})
    listed = stripe.v1.events.list({"type": "product.*", "limit": 1})
    assert listed.data[0].data.object["id"] == product.id
    assert listed.url == "/v1/events"
    judge.approve(listed.to_dict())
    later = listed.data[0].created + 1
    assert stripe.v1.events.list({"type": "product.*", "created": {"gte": later}}).data == []
    with pytest.raises(InvalidRequestError):
        stripe.v1.events.list({"type": "product.created", "types": ["product.updated"]})


def test_what_is_owed_survives_a_restart(stripe: StripeClient, hook: Hook, sandbox: Sandbox) -> None:
    sandbox.stripe("deliveries/hold")
    product = stripe.v1.products.create({"name": "Owed"})
    assert sandbox.stop() == 0
    sandbox.start()
    sandbox.stripe("deliveries/release")
    assert hook.next("product.created")["data"]["object"]["id"] == product.id


def test_the_control_api_refuses_nonsense(sandbox: Sandbox) -> None:
    for path, body, status in (
        ("events/evt_none/redeliver", {}, 404),
        ("events/replay", {}, 404),
        ("deliveries/release", {"order": "evt"}, 400),
        ("webhook_endpoints/we_none/roll", {}, 404),
        ("faults", {"kind": "fire"}, 400),
    ):
        assert sandbox.http.post(f"/stripe/control/{path}", json=body).status_code == status, path
