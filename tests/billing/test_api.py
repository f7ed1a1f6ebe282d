"""`billing/` in the API: the state, the links to Stripe, and what other seats would cost."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_django import Settings

from billing.models import CompSeats, Entitlement
from tenants.models import ApiToken, AuditEvent, Role, Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.api.conftest import Caller
from tests.billing.shop import Shop
from tests.conftest import Cast
from tests.sandbox.conftest import Sandbox

ENDS = datetime(2031, 1, 3, 10, tzinfo=UTC)
CHECKOUT = {"plan": "employee_month", "seats": 3}
WRITING: dict[str, Any] = {"checkout": CHECKOUT, "portal": {}, "preview": {"seats": 5}}


def caller(tenant: Tenant, role: Role = Role.ADMIN) -> Caller:
    _, plain = ApiToken.issue(tenant, "Tests", role)
    return Caller({"Authorization": f"Bearer {plain}"})


def test_without_a_subscription_there_is_one_seat_and_an_offer(cast: Cast) -> None:
    found = caller(cast.acme, Role.VIEWER).get("billing/subscription").json

    assert found["status"] == "none"
    assert (found["is_working"], found["reason"]) == (True, "")
    assert (found["seats"], found["paid_seats"], found["given_seats"], found["used_seats"]) == (1, 0, 0, 0)
    assert (found["plan"], found["unit_usd"], found["card"], found["next_invoice_usd"]) == ("", None, None, None)
    assert found["offers"] == ["subscribe"]
    assert found["billing_url"] == "http://testserver/t/acme/billing/"


def test_a_subscription_is_returned_with_money_as_strings_and_times_in_utc(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        Entitlement.objects.create(
            status="active", plan="employee_year", seats=4, period_end=ENDS, next_invoice_at=ENDS,
            next_invoice_usd=Decimal("1960.00"), card_brand="visa", card_last4="4242", card_expires="04/2031",
        )  # fmt: skip
        CompSeats.objects.create(seats=2, reason="A beta test", expires_at=ENDS)
        factories.make_agent("Maya")

    found = caller(cast.acme, Role.VIEWER).get("billing/subscription/").json

    assert (found["plan"], found["unit_usd"], found["next_invoice_usd"]) == ("employee_year", "490.00", "1960.00")
    assert (found["seats"], found["paid_seats"], found["given_seats"], found["used_seats"]) == (6, 4, 2, 1)
    assert found["period_ends_at"] == found["next_invoice_at"] == "2031-01-03T10:00:00Z"
    assert found["card"] == {"brand": "Visa", "last4": "4242", "expires": "04/2031"}


def test_the_reason_why_nobody_works_is_returned(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        Entitlement.objects.create(status="unpaid", plan="employee_month", seats=4)

    found = caller(cast.acme).get("billing/subscription").json

    assert found["is_working"] is False
    assert found["seats"] == 0
    assert found["paid_seats"] == 4
    assert "pay it or update the card under Billing" in found["reason"]


@pytest.mark.parametrize("call", WRITING)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_members_who_may_not_buy_are_refused(cast: Cast, role: Role, call: str) -> None:
    caller(cast.acme, role).post(f"billing/{call}", WRITING[call]).problem(403)


@pytest.mark.parametrize("call", WRITING)
def test_an_installation_without_stripe_says_so(cast: Cast, settings: Settings, call: str) -> None:
    settings.STRIPE_KEY = ""
    problem = caller(cast.acme).post(f"billing/{call}", WRITING[call]).problem(409)
    assert "This installation sells no subscriptions" in problem["detail"]


@pytest.mark.parametrize("seats", [0, -1, 10_000, "x", None, 1.5, True, [1], ""])
@pytest.mark.parametrize("call", ["checkout", "preview"])
def test_an_invalid_quantity_is_named(cast: Cast, call: str, seats: Any) -> None:
    problem = caller(cast.acme).post(f"billing/{call}", {**WRITING[call], "seats": seats}).problem(400)
    assert problem["errors"]["seats"]
    with tenant_scope(cast.acme.id):
        assert not Entitlement.objects.exists()


def test_an_unknown_plan_is_named(cast: Cast) -> None:
    problem = caller(cast.acme).post("billing/checkout", {**CHECKOUT, "plan": "gold"}).problem(400)
    assert "gold" in problem["errors"]["plan"][0]


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "//evil.example", "/t/globex/", "/", "/t/acme/../globex/", ""]
)
@pytest.mark.parametrize("call", ["checkout", "portal"])
def test_stripe_returns_to_this_workspace_only(cast: Cast, call: str, path: str) -> None:
    problem = caller(cast.acme).post(f"billing/{call}", {**WRITING[call], "return_path": path}).problem(400)
    assert problem["errors"]["return_path"]


@pytest.mark.parametrize("call", WRITING)
def test_while_stripe_cannot_be_reached_nothing_happens(cast: Cast, call: str) -> None:
    with tenant_scope(cast.acme.id):
        Entitlement.objects.create(status="active" if call != "checkout" else "none", customer_id="cus_1")

    problem = caller(cast.acme).post(f"billing/{call}", WRITING[call]).problem(502)

    assert "Stripe does not answer at the moment" in problem["detail"]


@pytest.fixture
def program(committed_cast: Cast) -> Caller:
    return caller(committed_cast.acme)


def test_checkout_is_opened_once_for_a_key_and_leads_back(shop: Shop, program: Caller) -> None:
    wanted = {**CHECKOUT, "return_path": "/t/acme/employees/"}
    options = {"headers": {"Idempotency-Key": "once"}}

    first = program.call("POST", "billing/checkout", wanted, **options)
    again = program.call("POST", "billing/checkout", wanted, **options)

    assert first.status == 200, first.json
    assert again.json == first.json
    assert again.response.headers["Idempotent-Replayed"] == "true"
    [session] = shop.api.v1.checkout.sessions.list({"customer": shop.customer_id}).data
    assert session.url == first.json["url"]
    back = urlsplit(str(session.success_url))
    assert (back.netloc, back.path) == ("testserver", "/t/acme/billing/return/")
    assert parse_qs(back.query) == {"next": ["/t/acme/employees/"], "checkout": ["{CHECKOUT_SESSION_ID}"]}
    with tenant_scope(shop.tenant.id):
        assert AuditEvent.objects.filter(action="subscription.checkout", actor_kind="token").count() == 1


def test_the_portal_is_opened(shop: Shop, program: Caller) -> None:
    assert program.post("billing/portal").json["url"].startswith("http")


def test_a_subscriber_cannot_subscribe_again(shop: Shop, program: Caller) -> None:
    shop.subscribe(2)
    shop.sync()
    problem = program.post("billing/checkout", CHECKOUT).problem(409)
    assert "You cannot subscribe now." in problem["detail"]


def test_what_more_and_fewer_seats_would_cost_and_do(shop: Shop, program: Caller) -> None:
    shop.subscribe(3)
    shop.sync()
    shop.wait(10)
    shop.sync()
    with tenant_scope(shop.tenant.id):
        for name in ("Maya", "Leo", "Nora"):
            factories.make_agent(name)

    more = program.post("billing/preview", {"seats": 5}).json
    fewer = program.post("billing/preview", {"seats": 1}).json

    assert (more["seats_now"], more["seats"], more["takes_effect_at"]) == (3, 5, None)
    assert 0 < Decimal(more["due_now_usd"]) < 98
    assert more["next_invoice_usd"] == "245.00"
    assert (fewer["due_now_usd"], fewer["next_invoice_usd"]) == ("0.00", "49.00")
    assert (fewer["pauses"], fewer["returns"]) == (["Leo", "Nora"], [])
    assert fewer["takes_effect_at"] == fewer["next_invoice_at"]
    assert shop.subscription["items"].data[0].quantity == 3


def test_stripes_own_error_is_reported_as_such(shop: Shop, program: Caller, stripe_sandbox: Sandbox) -> None:
    shop.subscribe(3)
    shop.sync()
    stripe_sandbox.stripe("faults", method="*", kind="503", times=4)
    problem = program.post("billing/preview", {"seats": 5}).problem(502)
    assert "Stripe has a problem of its own at the moment" in problem["detail"]
