"""What all calls of Stripe's API share: keys, versions, parameters, idempotency, lists, expansion and faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import stripe as sdk
from stripe import StripeClient

from tests.sandbox.conftest import STRIPE_KEY, Sandbox


def client(sandbox: Sandbox, key: str, **options: Any) -> StripeClient:
    """The official client with its own key."""
    addresses: Any = {"api": f"{sandbox.url}/stripe"}
    return StripeClient(key, base_addresses=addresses, max_network_retries=0, **options)


def raw(sandbox: Sandbox, method: str, path: str, **more: Any) -> httpx.Response:
    """A request without the SDK."""
    headers = {"Authorization": f"Bearer {STRIPE_KEY}", **more.pop("headers", {})}
    return sandbox.http.request(method, f"/stripe/v1/{path}", headers=headers, **more)


def monthly(cents: int) -> Any:
    """The parameters of a monthly price."""
    return {"currency": "usd", "unit_amount": cents, "recurring": {"interval": "month"}}


def error_of(response: httpx.Response) -> dict[str, Any]:
    """The error in an error response."""
    error: dict[str, Any] = response.json()["error"]
    return error


@pytest.mark.parametrize(
    "key", ["sk_live_0123456789abcdef", "sk_test_someoneElse", "pk_test_registeredWithTheSandbox", "nonsense"]
)
def test_any_other_key_is_refused(sandbox: Sandbox, key: str) -> None:
    with pytest.raises(sdk.AuthenticationError) as refused:
        client(sandbox, key).v1.customers.list()
    assert refused.value.http_status == 401
    assert key not in str(refused.value)


def test_a_request_without_a_key_is_told_how_to_send_one(sandbox: Sandbox) -> None:
    response = sandbox.http.get("/stripe/v1/customers")
    assert response.status_code == 401
    assert "Authorization header" in error_of(response)["message"]


def test_a_key_works_as_the_user_of_basic_authentication(sandbox: Sandbox) -> None:
    assert sandbox.http.get("/stripe/v1/customers", auth=(STRIPE_KEY, "")).status_code == 200


def test_another_account_is_refused_and_the_own_one_accepted(sandbox: Sandbox, stripe: StripeClient) -> None:
    own = stripe.v1.accounts.retrieve_current()
    assert stripe.v1.customers.list(options={"stripe_account": own.id}).data is not None
    with pytest.raises(sdk.PermissionError):
        stripe.v1.customers.list(options={"stripe_account": "acct_somebodyElse"})


def test_the_answer_names_the_version_and_older_ones_are_refused(sandbox: Sandbox) -> None:
    assert raw(sandbox, "GET", "prices").headers["stripe-version"] == "2026-05-27.dahlia"
    chosen = raw(sandbox, "GET", "prices", headers={"Stripe-Version": "2026-08-26.dahlia"})
    assert chosen.headers["stripe-version"] == "2026-08-26.dahlia"
    assert raw(sandbox, "GET", "prices", headers={"Stripe-Version": "2024-06-20"}).status_code == 400


def test_each_answer_has_a_request_id(sandbox: Sandbox) -> None:
    first, second = (raw(sandbox, "GET", "prices").headers["request-id"] for _ in range(2))
    assert first.startswith("req_")
    assert first != second


@pytest.mark.parametrize(("method", "path"), [("GET", "nonsense"), ("DELETE", "prices/price_1"), ("POST", "events")])
def test_an_unknown_address_is_unrecognized(sandbox: Sandbox, method: str, path: str) -> None:
    response = raw(sandbox, method, path)
    assert response.status_code == 404
    assert error_of(response)["message"].startswith(f"Unrecognized request URL ({method}: /v1/{path})")


MONTHLY = {"currency": "usd", "unit_amount": "100", "recurring[interval]": "month"}
BAD_INPUT = [
    ("customers", {"nonsense": "1"}, "nonsense", "parameter_unknown"),
    ("customers", {"address[planet]": "Mars"}, "address[planet]", "parameter_unknown"),
    ("customers", {"email": "nobody"}, "email", "email_invalid"),
    ("customers", {"payment_method": "pm_123"}, "payment_method", "resource_missing"),
    ("customers", {"metadata[key]": "x" * 501}, "metadata[key]", None),
    ("customers", {"metadata": "x"}, "metadata", None),
    ("customers", {"address": "Mars"}, "address", None),
    ("customers", {"name": "x" * 257}, "name", None),
    ("customers", {"test_clock": "clock_1"}, "test_clock", "resource_missing"),
    ("products", {}, "name", "parameter_missing"),
    ("products", {"name": ""}, "name", "parameter_invalid_empty"),
    ("products", {"name": "x", "active": "maybe"}, "active", None),
    ("prices", MONTHLY | {"currency": "xxx"}, "currency", None),
    ("prices", MONTHLY, "product", "parameter_missing"),
    ("prices", MONTHLY | {"product": "prod_1"}, "product", "resource_missing"),
    ("prices", MONTHLY | {"unit_amount": "-1"}, "unit_amount", "parameter_invalid_integer"),
    ("prices", MONTHLY | {"tiers_mode": "graduated"}, "tiers_mode", "parameter_unknown"),
    ("prices", MONTHLY | {"recurring[interval]": "decade"}, "recurring[interval]", None),
    ("coupons", {"percent_off": "0"}, "percent_off", None),
    ("coupons", {"percent_off": "101"}, "percent_off", None),
    ("coupons", {"percent_off": "10", "amount_off": "5"}, "percent_off", None),
    ("coupons", {"amount_off": "5"}, "currency", "parameter_missing"),
    ("coupons", {"percent_off": "5", "duration": "repeating"}, "duration_in_months", None),
    ("refunds", {}, "payment_intent", "parameter_missing"),
    ("refunds", {"payment_intent": "pi_1"}, "payment_intent", "resource_missing"),
]


@pytest.mark.parametrize(("path", "params", "param", "code"), BAD_INPUT)
def test_bad_input_gets_stripes_error(
    sandbox: Sandbox, path: str, params: dict[str, str], param: str, code: str | None
) -> None:
    response = raw(sandbox, "POST", path, data=params)
    error = error_of(response)
    assert response.status_code == 400
    assert (error["type"], error.get("param"), error.get("code")) == ("invalid_request_error", param, code)
    assert error["message"]


@pytest.mark.parametrize(
    "body",
    [b"a[b=1", b"a=1&a[b]=2", b"a[b]=2&a=1", b"=1", b"[x]=1", b"a[][]=1&a[]=2", b"name=%ff%fe", b"\xff\xfe=1"],
)
def test_malformed_bodies_are_refused(sandbox: Sandbox, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = raw(sandbox, "POST", "customers", content=body, headers=headers)
    assert response.status_code == 400
    assert error_of(response)["type"] == "invalid_request_error"


def test_json_is_not_a_form(sandbox: Sandbox) -> None:
    response = raw(sandbox, "POST", "customers", json={"name": "Ada"})
    assert response.status_code == 400
    assert "x-www-form-urlencoded" in error_of(response)["message"]


def test_a_request_that_fails_leaves_nothing_behind(sandbox: Sandbox, stripe: StripeClient) -> None:
    stripe.v1.prices.create(monthly(1) | {"product_data": {"name": "Whole"}, "lookup_key": "taken"})
    before = [product.id for product in stripe.v1.products.list({"limit": 100})]
    data = MONTHLY | {"product_data[name]": "Half", "lookup_key": "taken"}
    assert raw(sandbox, "POST", "prices", data=data).status_code == 400
    assert [product.id for product in stripe.v1.products.list({"limit": 100})] == before


def headers_of(refusal: pytest.ExceptionInfo[sdk.StripeError]) -> Mapping[str, str]:
    """The headers of an error response."""
    return refusal.value.headers or {}


def test_a_repeated_key_gets_the_first_answer(sandbox: Sandbox, stripe: StripeClient) -> None:
    options: Any = {"idempotency_key": "make-ada"}
    first = stripe.v1.customers.create({"name": "Ada"}, options)
    second = stripe.v1.customers.create({"name": "Ada"}, options)
    assert first.id == second.id
    assert first.last_response
    assert second.last_response
    assert "idempotent-replayed" not in first.last_response.headers
    assert second.last_response.headers["idempotent-replayed"] == "true"
    assert second.last_response.headers["original-request"] == first.last_response.headers["request-id"]


def test_a_key_is_for_one_request_only(stripe: StripeClient) -> None:
    options: Any = {"idempotency_key": "make-ben"}
    stripe.v1.customers.create({"name": "Ben"}, options)
    with pytest.raises(sdk.IdempotencyError):
        stripe.v1.customers.create({"name": "Bert"}, options)
    with pytest.raises(sdk.IdempotencyError):
        stripe.v1.products.create({"name": "Ben"}, options)


def test_invalid_parameters_do_not_use_up_a_key(stripe: StripeClient) -> None:
    options: Any = {"idempotency_key": "make-cleo"}
    wrong: list[Any] = [{"email": "nobody"}, {"nonsense": "1"}, {"name": "Cleo", "expand": ["nonsense"]}]
    for params in wrong:
        with pytest.raises(sdk.InvalidRequestError):
            stripe.v1.customers.create(params, options)
    assert stripe.v1.customers.create({"email": "cleo@example.com"}, options).email == "cleo@example.com"


def test_what_an_endpoint_refuses_is_saved_under_the_key(stripe: StripeClient) -> None:
    options: Any = {"idempotency_key": "make-dora"}
    params: Any = {"id": "later", "name": "Later"}
    stripe.v1.products.create(params)
    with pytest.raises(sdk.InvalidRequestError) as first:
        stripe.v1.products.create(params, options)
    stripe.v1.products.delete("later")
    with pytest.raises(sdk.InvalidRequestError) as second:
        stripe.v1.products.create(params, options)
    assert second.value.json_body == first.value.json_body
    assert headers_of(second)["original-request"] == headers_of(first)["request-id"]


def test_an_internal_error_is_saved_and_should_not_be_retried(sandbox: Sandbox, stripe: StripeClient) -> None:
    options: Any = {"idempotency_key": "make-emil"}
    sandbox.stripe("faults", method="POST /v1/customers", kind="500")
    for is_replayed in (None, "true"):
        with pytest.raises(sdk.APIError) as failure:
            stripe.v1.customers.create({"email": "emil@example.com"}, options)
        headers = headers_of(failure)
        assert (failure.value.http_status, headers["stripe-should-retry"]) == (500, "false")
        assert headers.get("idempotent-replayed") == is_replayed
    assert not stripe.v1.customers.list({"email": "emil@example.com"}).data


def test_pages_follow_each_other_both_ways(stripe: StripeClient) -> None:
    product = stripe.v1.products.create({"name": "Pages"})
    prices = [stripe.v1.prices.create(monthly(100 + number) | {"product": product.id}).id for number in range(5)]
    newest_first = prices[::-1]
    mine: Any = {"product": product.id, "limit": 2}
    first = stripe.v1.prices.list(mine)
    assert ([price.id for price in first.data], first.has_more) == (newest_first[:2], True)
    second = stripe.v1.prices.list(mine | {"starting_after": newest_first[1]})
    assert [price.id for price in second.data] == newest_first[2:4]
    back = stripe.v1.prices.list(mine | {"ending_before": newest_first[3]})
    assert ([price.id for price in back.data], back.has_more) == (newest_first[1:3], True)
    assert [price.id for price in first.auto_paging_iter()] == newest_first
    assert first.url == "/v1/prices"


@pytest.mark.parametrize(
    "params",
    [{"limit": 0}, {"limit": 101}, {"starting_after": "price_nowhere"}, {"starting_after": "a", "ending_before": "b"}],
)
def test_invalid_pages_are_refused(stripe: StripeClient, params: Any) -> None:
    with pytest.raises(sdk.InvalidRequestError):
        stripe.v1.prices.list(params)


def test_ids_are_expanded_through_objects_and_lists(stripe: StripeClient) -> None:
    product = stripe.v1.products.create({"name": "Seat"})
    made = stripe.v1.prices.create(monthly(4900) | {"product": product.id})
    price: Any = stripe.v1.prices.retrieve(made.id, {"expand": ["product"]})
    assert price.product.name == "Seat"
    listed: Any = stripe.v1.prices.list({"product": product.id, "expand": ["data.product"]})
    assert listed.data[0].product.name == "Seat"
    customer: Any = stripe.v1.customers.create({"name": "Ada", "expand": ["sources"]})
    assert customer.sources.data == []


@pytest.mark.parametrize("path", ["nonsense", "name", "metadata.x", "a.b.c.d.e"])
def test_only_ids_can_be_expanded(stripe: StripeClient, path: str) -> None:
    with pytest.raises(sdk.InvalidRequestError) as refused:
        stripe.v1.customers.create({"name": "Ada", "expand": [path]})
    assert path in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("409", sdk.APIError),
        ("429", sdk.RateLimitError),
        ("500", sdk.APIError),
        ("503", sdk.APIError),
        ("lock_timeout", sdk.RateLimitError),
    ],
)
def test_faults_answer_as_stripe_does(
    sandbox: Sandbox, stripe: StripeClient, kind: str, error: type[Exception]
) -> None:
    sandbox.stripe("faults", method="POST /v1/customers", kind=kind)
    with pytest.raises(error):
        stripe.v1.customers.create({"name": "Ada"})
    assert stripe.v1.customers.create({"name": "Ada"}).id


@pytest.mark.parametrize("kind", ["cut", "hang"])
def test_a_call_that_never_arrived_changed_nothing(sandbox: Sandbox, stripe: StripeClient, kind: str) -> None:
    sandbox.stripe("faults", method="POST /v1/customers", kind=kind, seconds=0.1)
    with pytest.raises(sdk.APIConnectionError):
        stripe.v1.customers.create({"email": f"{kind}@example.com"})
    assert not stripe.v1.customers.list({"email": f"{kind}@example.com"}).data


@pytest.mark.parametrize("kind", ["drop", "drop_hang"])
def test_a_lost_answer_is_found_again_by_its_key(sandbox: Sandbox, stripe: StripeClient, kind: str) -> None:
    sandbox.stripe("faults", method="POST /v1/customers", kind=kind, seconds=0.1)
    options: Any = {"idempotency_key": f"lost-{kind}"}
    with pytest.raises(sdk.APIConnectionError):
        stripe.v1.customers.create({"email": f"{kind}@example.com"}, options)
    again = stripe.v1.customers.create({"email": f"{kind}@example.com"}, options)
    assert [found.id for found in stripe.v1.customers.list({"email": f"{kind}@example.com"})] == [again.id]


def test_the_sdk_retries_by_itself_without_doing_it_twice(sandbox: Sandbox) -> None:
    patient = StripeClient(STRIPE_KEY, base_addresses={"api": f"{sandbox.url}/stripe"}, max_network_retries=2)
    sandbox.stripe("faults", method="POST /v1/customers", kind="drop")
    patient.v1.customers.create({"email": "twice@example.com"})
    assert len(patient.v1.customers.list({"email": "twice@example.com"}).data) == 1


@pytest.mark.parametrize(
    ("kind", "status", "code", "is_retried"),
    [
        ("409", 409, "idempotency_key_in_use", True),
        ("429", 429, "rate_limit", False),
        ("lock_timeout", 429, "lock_timeout", True),
        ("500", 500, None, False),
        ("503", 503, None, True),
    ],
)
def test_the_sdk_retries_what_stripe_tells_it_to(
    sandbox: Sandbox, stripe: StripeClient, kind: str, status: int, code: str | None, *, is_retried: bool
) -> None:
    sandbox.stripe("faults", method="POST /v1/customers", kind=kind)
    with pytest.raises(sdk.StripeError) as failure:
        stripe.v1.customers.create({"name": "Ada"})
    told = failure.value.error.code if failure.value.error else None
    assert (failure.value.http_status, told) == (status, code)
    patient = StripeClient(STRIPE_KEY, base_addresses={"api": f"{sandbox.url}/stripe"}, max_network_retries=1)
    sandbox.stripe("faults", method="POST /v1/customers", kind=kind)
    if is_retried:
        assert patient.v1.customers.create({"name": "Ada"}).id
        return
    with pytest.raises(sdk.StripeError):
        patient.v1.customers.create({"name": "Ada"})


def test_calls_are_recorded_without_keys(sandbox: Sandbox, stripe: StripeClient) -> None:
    stripe.v1.customers.create({"name": "Recorded"})
    calls = sandbox.http.get("/stripe/control/calls")
    assert calls.json()["calls"]["POST /v1/customers"] == 1
    assert STRIPE_KEY not in calls.text
