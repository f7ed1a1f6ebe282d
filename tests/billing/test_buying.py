"""What an owner does on the billing page, connected to a Stripe."""

import re
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import HttpResponse
from django.utils.html import escape
from stripe import StripeClient

from billing.models import Entitlement
from billing.stripe.reading import usd
from tenants.models import AuditEvent
from tenants.scope import tenant_scope
from tests import factories
from tests.billing.people import Member, member, words_of
from tests.billing.shop import Shop
from tests.conftest import Cast
from tests.sandbox.conftest import Sandbox
from tests.sandbox.stripe_person import ATTACHES_THEN_FAILS, VISA, Person

SUBSCRIBE = {"plan": "employee_month", "seats": "3"}
BACK = "/t/acme/employees/new/"


@pytest.fixture
def owner(committed_cast: Cast) -> Member:
    return member(committed_cast.alice, committed_cast.acme)


@pytest.fixture
def buyer(stripe_sandbox: Sandbox) -> Person:
    """The same person using Stripe's pages."""
    return Person(stripe_sandbox.url)


def go_on(owner: Member, url: str) -> HttpResponse:
    """Follow a link back from Stripe's page."""
    assert url.startswith("http://testserver/t/acme/"), url
    return owner.get(url.removeprefix("http://testserver"))


def subscribe_at_stripe(buyer: Person) -> None:
    buyer.press("Start trial", card=VISA, email="alice@acme.example")


def toasts(owner: Member, path: str) -> list[str]:
    """The messages about the action on the next page."""
    found = re.findall(r'<span class="grow">([^<]*)</span>\s*<button', owner.read(path))
    return [words.replace("&#x27;", "'") for words in found]


def hire(shop: Shop, *names: str) -> None:
    with tenant_scope(shop.tenant.id):
        for name in names:
            factories.make_agent(name)


def field(answer: HttpResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.content.decode())
    assert found, f"there is no {name} on the page"
    return found[1]


def test_subscribing_leads_to_checkout_and_back_to_the_same_page(shop: Shop, owner: Member, buyer: Person) -> None:
    answer = owner.post("billing/subscribe/", **SUBSCRIBE, next=BACK)
    assert answer.status_code == 302
    page = buyer.open(answer.headers["Location"])
    assert "14 days free" in page.text or "Start trial" in page.text

    subscribe_at_stripe(buyer)

    returned = go_on(owner, buyer.left_for)
    assert returned.headers["Location"] == BACK
    assert shop.entitlement.status == Entitlement.Status.TRIALING
    [said] = toasts(owner, "employees/new/")
    assert said.startswith("The trial has started: 3 seats, and nothing is charged before ")


def test_leaving_checkout_leads_back_without_a_message(shop: Shop, owner: Member, buyer: Person) -> None:
    buyer.open(owner.post("billing/subscribe/", **SUBSCRIBE, next=BACK).headers["Location"])
    assert buyer.page
    back = next(url for url in buyer.page.links.values() if "/billing/return/" in url)

    assert go_on(owner, back).headers["Location"] == BACK
    assert toasts(owner, "") == []


@pytest.mark.parametrize(
    "given", ["https://evil.example/", "//evil.example/t/acme/", "/t/globex/", "/t/acme/\\evil", ""]
)
def test_redirects_go_nowhere_else(shop: Shop, owner: Member, buyer: Person, given: str) -> None:
    buyer.open(owner.post("billing/subscribe/", **SUBSCRIBE, next=given).headers["Location"])
    subscribe_at_stripe(buyer)

    assert go_on(owner, buyer.left_for).headers["Location"] == "/t/acme/billing/"


def test_while_stripe_is_slow_the_page_says_so_and_looks_again(
    shop: Shop, owner: Member, buyer: Person, stripe_sandbox: Sandbox
) -> None:
    buyer.open(owner.post("billing/subscribe/", **SUBSCRIBE, next=BACK).headers["Location"])
    subscribe_at_stripe(buyer)
    path = buyer.left_for.removeprefix("http://testserver")
    stripe_sandbox.stripe("faults", method="*", kind="503", times=2)

    waiting = owner.get(path)

    assert waiting.status_code == 200
    page = words_of(waiting)
    assert "We are checking with Stripe" in page
    assert toasts(owner, "") == []
    again = re.search(r'hx-get="([^"]+)"', page)
    assert again
    assert parse_qs(urlsplit(again[1].replace("&amp;", "&")).query)["next"] == [BACK]
    looked = owner.client.get(again[1].replace("&amp;", "&"), headers={"HX-Request": "true"})
    assert looked.headers["HX-Redirect"] == BACK


def test_a_page_stops_polling_after_a_while(shop: Shop, owner: Member) -> None:
    page = owner.read("billing/return/", checkout="cs_test_unknown", looks="20")
    assert "Stripe has not answered yet" in page
    assert "hx-get" not in page


def test_an_unfinished_payment_is_shown_as_a_state_and_not_a_toast(
    stripe_account: StripeClient, committed_cast: Cast, owner: Member
) -> None:
    shop = Shop(stripe_account, committed_cast.acme).open(card="")
    shop.subscribe(3, payment_behavior="default_incomplete")

    answer = owner.get("billing/return/", checkout="cs_test_1")

    assert answer.headers["Location"] == "/t/acme/billing/"
    page = owner.read()
    assert "The first payment is not finished" in page
    url = escape(shop.invoices()[0].hosted_invoice_url)
    assert f'href="{url}" rel="noopener">Pay the invoice' in page
    assert "You are subscribed" not in page


def test_the_page_lists_invoices_with_links_to_stripe(shop: Shop, owner: Member) -> None:
    shop.subscribe(3)
    shop.sync()
    [invoice] = shop.invoices()

    page = owner.read()

    assert f">{invoice.number}<" in page
    assert "$147.00" in page
    assert str(invoice.hosted_invoice_url) in page
    assert "Paid</span>" in page


@pytest.fixture
def subscribed(shop: Shop) -> Shop:
    """Three monthly seats, a third into the month."""
    shop.subscribe(3)
    shop.sync()
    shop.wait(10)
    shop.sync()
    return shop


def test_more_seats_show_the_amount_and_who_returns_then_charge_it(subscribed: Shop, owner: Member) -> None:
    with tenant_scope(subscribed.tenant.id):
        Entitlement.objects.update(seats=5)
    hire(subscribed, "Maya", "Leo", "Nora", "Otto", "Ida")
    subscribed.sync()

    shown = owner.get("billing/seats/", seats="5", next=BACK)

    page = words_of(shown)
    assert "5 seats instead of 3" in page
    assert "Get a seat again at once" in page
    assert page.index("Otto") < page.index("Ida")
    amount = re.search(r"Pay \$([\d.]+) for 5 seats", page)
    assert amount
    done = owner.post("billing/seats/", seats="5", shown=field(shown, "shown"), next=field(shown, "next"))
    assert done.headers["Location"] == BACK
    assert usd(subscribed.invoices()[0].amount_paid) == Decimal(amount[1])
    assert toasts(owner, "") == ["You have 5 seats now. Otto and Ida have a seat again."]


def test_fewer_seats_show_who_pauses_and_when_and_can_be_undone(subscribed: Shop, owner: Member) -> None:
    hire(subscribed, "Maya", "Leo", "Nora")
    shown = owner.get("billing/seats/", seats="1")
    page = words_of(shown)
    assert "1 seat instead of 3" in page
    assert 'Charged now</dt><dd class="num">Nothing' in page
    assert "Pause then" in page
    assert page.index(">Leo<") < page.index(">Nora<")

    owner.post("billing/seats/", seats="1", shown=field(shown, "shown"))

    [said] = toasts(owner, "")
    assert re.fullmatch(r"From \d+ \w+ \d{4} you have 1 seat\.", said)
    assert "Then Leo and Nora pause" in owner.read()
    assert subscribed.entitlement.next_seats == 1
    for page in (owner.read("billing/seats/", seats="4"), owner.read("billing/plan/")):
        assert "This replaces the planned change to 1 seat on" in page

    owner.post("billing/seats/keep/")
    kept = subscribed.entitlement
    assert kept.next_seats is None
    assert toasts(owner, "") == ["You keep your seats."]


def test_htmx_gets_the_preview_alone_and_errors_with_it(subscribed: Shop, owner: Member) -> None:
    headers = {"HX-Request": "true"}
    good = owner.client.get("/t/acme/billing/seats/?seats=4", headers=headers)
    bad = owner.client.get("/t/acme/billing/seats/?seats=x", headers=headers)

    assert good.content.decode().strip().startswith('<section class="card" id="preview"')
    assert (good.status_code, bad.status_code) == (200, 200)
    assert "“x” is not a number of seats" in bad.content.decode()


@pytest.mark.parametrize("seats", ["0", "-1", "10000", "x", ""])
def test_an_invalid_quantity_changes_nothing(subscribed: Shop, owner: Member, seats: str) -> None:
    for answer in (
        owner.get("billing/seats/", seats=seats),
        owner.post("billing/seats/", seats=seats, shown="1767225600-0"),
    ):
        assert answer.status_code == 422
        assert "a whole number from 1 to 1,000." in words_of(answer)
    assert subscribed.subscription["items"].data[0].quantity == 3


def test_nobody_pays_what_was_not_shown(subscribed: Shop, owner: Member) -> None:
    answer = owner.post("billing/seats/", seats="5")
    assert answer.headers["Location"] == "/t/acme/billing/seats/?seats=5"
    assert subscribed.subscription["items"].data[0].quantity == 3


def test_a_declined_card_is_reported_next_to_the_field_and_nothing_changes(subscribed: Shop, owner: Member) -> None:
    subscribed.use_card(ATTACHES_THEN_FAILS)
    shown = owner.get("billing/seats/", seats="5")

    answer = owner.post("billing/seats/", seats="5", shown=field(shown, "shown"))

    page = words_of(answer)
    assert answer.status_code == 422
    assert 'id="id_seats_error"' in page
    assert "Use another card" in page
    assert 'action="/t/acme/billing/card/"' in page
    assert subscribed.sync().paid_seats == 3


def test_while_stripe_is_down_the_page_says_so_next_to_the_field(
    subscribed: Shop, owner: Member, stripe_sandbox: Sandbox
) -> None:
    stripe_sandbox.stripe("faults", method="*", kind="503", times=4)

    answer = owner.get("billing/seats/", seats="5")

    assert answer.status_code == 502
    assert "Stripe has a problem of its own at the moment: try again in a minute." in words_of(answer)


def test_from_month_to_year_with_the_amount_first(subscribed: Shop, owner: Member) -> None:
    shown = owner.get("billing/plan/")
    page = words_of(shown)
    assert "3 seats, paid yearly" in page
    assert "$1,470.00" in page
    amount = re.search(r"Pay \$([\d,.]+) and switch", page)
    assert amount

    owner.post("billing/plan/", plan="employee_year", shown=field(shown, "shown"))

    assert subscribed.entitlement.plan == "employee_year"
    assert usd(subscribed.invoices()[0].amount_paid) == Decimal(amount[1].replace(",", ""))
    assert toasts(owner, "") == ["You pay yearly now."]
    assert "$490.00 per AI employee per year" in owner.read()


def test_a_switch_is_never_made_before_its_preview(subscribed: Shop, owner: Member) -> None:
    answer = owner.post("billing/plan/", plan="employee_year")
    assert "and switch" in words_of(answer)
    assert subscribed.entitlement.plan == "employee_month"


def test_cancelling_and_resuming(subscribed: Shop, owner: Member) -> None:
    owner.post("billing/cancel/")
    assert toasts(owner, "") == ["The subscription is canceled."]
    assert "The subscription ends on" in owner.read()

    owner.post("billing/resume/")
    assert toasts(owner, "") == ["The subscription continues."]
    assert "The subscription ends on" not in owner.read()
    with tenant_scope(subscribed.tenant.id):
        done = AuditEvent.objects.filter(actor_name="alice@acme.example").values_list("action", flat=True)
        assert {"subscription.canceled", "subscription.resumed"} <= set(done)


def test_what_is_not_offered_is_refused_with_a_reason(subscribed: Shop, owner: Member) -> None:
    answer = owner.post("billing/resume/")
    assert answer.status_code == 409
    assert "You cannot resume now." in words_of(answer)


def test_another_card_pays_what_is_due_and_everyone_works_again(
    shop: Shop, owner: Member, buyer: Person, stripe_sandbox: Sandbox
) -> None:
    shop.use_card(VISA)
    shop.subscribe(1)
    shop.sync()
    hire(shop, "Maya")
    shop.use_card(ATTACHES_THEN_FAILS)
    shop.wait(32)
    shop.sync()
    assert "A payment failed: AI employees stop on" in owner.read("employees/")

    away = owner.post("billing/card/", next="/t/acme/employees/")
    buyer.open(away.headers["Location"])
    buyer.press("Add card", card=VISA)

    back = go_on(owner, buyer.left_for or _link_back(buyer))
    assert back.headers["Location"] == "/t/acme/employees/"
    assert toasts(owner, "employees/") == ["Visa ending in 4242 is charged from now on."]
    assert shop.entitlement.status == Entitlement.Status.ACTIVE
    assert "A payment failed" not in owner.read("employees/")


def _link_back(buyer: Person) -> str:
    assert buyer.page
    return next(url for url in buyer.page.links.values() if "/billing/return/" in url)


def test_visiting_the_portal_leads_back_without_a_message(subscribed: Shop, owner: Member, buyer: Person) -> None:
    buyer.open(owner.post("billing/portal/").headers["Location"])

    assert go_on(owner, _link_back(buyer)).headers["Location"] == "/t/acme/billing/"
    assert toasts(owner, "") == []
