"""Any validly signed body is answered with 200 when stored or 400 with a message, never with a server error."""

import json
from typing import Any

import pytest
from djstripe.models import WebhookEndpoint, WebhookEventTrigger
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as some

from billing.stripe.client import stripe_client
from billing.subscription import customers
from billing.sync import event_inbox
from billing.tasks import take_in
from tests import factories
from tests.billing.test_webhook_door import send, signed

EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "customer.updated",
    "livemode": False,
    "data": {"object": {"object": "customer", "id": "cus_1"}, "previous_attributes": {"customer": "cus_1"}},
}
DEEP = 20_000
SURROGATE = '"\\ud800"'


def knock(endpoint: WebhookEndpoint, body: str) -> int:
    answer = send(endpoint, body, signed(body, event_inbox.secret_of(endpoint)))
    if answer.status_code != 200:
        assert json.loads(answer.content)["error"]
    return answer.status_code


def event_with(text: str, *, at: str) -> str:
    """An event's body with this JSON text in one field."""
    return json.dumps({**EVENT, at: "HERE"}).replace('"HERE"', text)


def about(text: str, *, at: str = "id", **more: str) -> str:
    """An event's body whose object has this JSON text in one field."""
    subject = {"object": "customer", "id": "cus_1", **more, at: "HERE"}
    return json.dumps({**EVENT, "data": {"object": subject}}).replace('"HERE"', text)


REFUSED = {
    "lists in each other": "[" * DEEP + "]" * DEEP,
    "lists that do not end": "[" * DEEP,
    "objects in each other": '{"a":' * DEEP + "1" + "}" * DEEP,
    "objects in each other inside an event": event_with('{"a":' * DEEP + "1" + "}" * DEEP, at="data"),
    "a nest beside the object": event_with("[" * DEEP + "]" * DEEP, at="request"),
    "a nest that Python reads": event_with("[" * 500 + "]" * 500, at="request"),
    "an account that is a nest": event_with("[" * 20 + "]" * 20, at="account"),
    "a list of events": json.dumps([EVENT]),
    "a number": "1",
    "a long number": "1" * 10_000,
    "a long number inside": event_with("1" * 10_000, at="created"),
    "no number": event_with("NaN", at="created"),
    "infinity": event_with("-Infinity", at="created"),
    "an id with NUL": event_with('"evt_\\u0000"', at="id"),
    "an id with half a pair": event_with(SURROGATE, at="id"),
    "an id that is a list": event_with('["evt_1"]', at="id"),
    "an id of a megabyte": event_with('"' + "x" * 1_000_000 + '"', at="id"),
    "an empty id": event_with('""', at="id"),
    "a type with NUL": event_with('"customer.\\u0000"', at="type"),
    "a type of a megabyte": event_with('"' + "x" * 1_000_000 + '"', at="type"),
    "an account with NUL": event_with('"acct_\\u0000"', at="account"),
    "data that is text": event_with('"data"', at="data"),
    "a mark of the byte order": "\ufeff" + json.dumps(EVENT),
}
KEPT = {
    "a name twice": json.dumps(EVENT).replace('"evt_1"', '"evt_0", "id": "evt_1"'),
    "a huge number": event_with("1e999", at="created"),
    "a long number": event_with("1" * 4_000, at="created"),
    "a customer with NUL": about('"cus_\\u0000"'),
    "a customer with half a pair": about(SURROGATE),
    "a customer that is a number": about("7", object="charge", at="customer"),
    "a customer that is a list": about("[[[]]]", object="charge", at="customer"),
    "a customer that is an object without id": about("{}", object="charge", at="customer"),
    "a customer whose id is an object": about('{"id": {"id": 1}}', object="charge", at="customer"),
    "a customer of a megabyte": about('"' + "x" * 1_000_000 + '"'),
    "a name with NUL": about('"\\u0000"', at="name"),
    "a charge with NUL": about('"ch_\\u0000"', object="dispute", at="charge"),
    "a charge that is a list": about("[1]", object="dispute", at="charge"),
    "a live mode that is text": event_with('"no"', at="livemode"),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_a_body_without_an_event_is_refused(endpoint: WebhookEndpoint, body: str) -> None:
    assert knock(endpoint, body) == 400
    assert not WebhookEventTrigger.objects.exists()


@pytest.mark.parametrize("body", KEPT.values(), ids=KEPT)
def test_odd_values_inside_an_event_are_stored_and_block_nothing(endpoint: WebhookEndpoint, body: str) -> None:
    assert knock(endpoint, body) == 200
    take_in(WebhookEventTrigger.objects.get().id)


def test_a_name_that_cannot_be_stored_does_not_block_the_sync(endpoint: WebhookEndpoint) -> None:
    """Otherwise a customer with such a name at Stripe would never be synced again."""
    client = stripe_client()
    customer = client.v1.customers.create({"email": "billing@acme.example"})
    tenant = factories.make_tenant()
    customers.adopt(tenant, customer.to_dict(for_json=True))
    heard: list[str] = []
    event_inbox.event_kept.connect(
        lambda notice, **kwargs: heard.append(notice.customer_id), weak=False, dispatch_uid="heard"
    )
    try:
        assert knock(endpoint, about('"\\u0000"', at="name", id=customer.id)) == 200
    finally:
        event_inbox.event_kept.disconnect(dispatch_uid="heard")

    assert heard == [customer.id]


ANYTHING: some.SearchStrategy[Any] = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(some.characters(exclude_categories=())),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("id", "object", "type", "livemode", "account", "data", "request", "created")
INSIDE = ("id", "object", "customer", "charge", "name")


@given(
    outside=some.dictionaries(some.sampled_from(FIELDS), ANYTHING, max_size=2),
    inside=some.dictionaries(some.sampled_from(INSIDE), ANYTHING, max_size=3),
    before=ANYTHING,
)
@examples(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_signed_event_causes_a_server_error(
    endpoint: WebhookEndpoint, outside: dict[str, Any], inside: dict[str, Any], before: Any
) -> None:
    data = {"object": {"object": "customer", "id": "cus_1", **inside}, "previous_attributes": before}
    assert knock(endpoint, json.dumps({**EVENT, "data": data, **outside})) in {200, 400}


@given(value=ANYTHING)
@examples(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_signed_body_causes_a_server_error(endpoint: WebhookEndpoint, value: Any) -> None:
    assert knock(endpoint, json.dumps(value)) == 400
