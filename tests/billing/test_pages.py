"""The billing page in every state: its badge, its buttons by role, and what it says will happen."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from billing import standing
from billing.models import CompSeats, Entitlement
from tenants.models import Role, Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.billing.people import Member, colleague, member, words_of
from tests.conftest import Cast

S = Entitlement.Status
ENDS = datetime(2031, 1, 3, 10, tzinfo=UTC)

BADGES = {
    S.NONE: "No subscription",
    S.TRIALING: "Trial",
    S.ACTIVE: "Active",
    S.PAST_DUE: "Past due",
    S.UNPAID: "Unpaid",
    S.INCOMPLETE: "Incomplete",
    S.INCOMPLETE_EXPIRED: "Expired",
    S.CANCELED: "Canceled",
    S.PAUSED: "Paused",
}
FORMS = {
    standing.SUBSCRIBE: 'action="/t/acme/billing/subscribe/"',
    standing.CHANGE_SEATS: 'href="/t/acme/billing/seats/"',
    standing.SWITCH_PLAN: 'href="/t/acme/billing/plan/"',
    standing.UPDATE_CARD: 'action="/t/acme/billing/card/"',
    standing.PAY: 'href="https://pay.example/in_1"',
    standing.CANCEL: 'action="/t/acme/billing/cancel/"',
    standing.RESUME: 'action="/t/acme/billing/resume/"',
}


@pytest.fixture
def owner(cast: Cast) -> Member:
    return member(cast.alice, cast.acme)


def paid(tenant: Tenant, status: str, *names: str, seats: int = 3, **fields: object) -> Entitlement:
    """The workspace in this state, with these employees, hired while it was active."""
    given = {"customer_id": f"cus_{tenant.slug}", "plan": "employee_month", "seats": seats, "period_end": ENDS}
    card = {"payment_method_id": "pm_1", "card_brand": "visa", "card_last4": "4242", "card_expires": "04/2031"}
    with tenant_scope(tenant.id):
        row = Entitlement.objects.create(**{**given, **card, "status": S.ACTIVE})
        for name in names:
            factories.make_agent(name)
        for field, value in {"status": status, **fields}.items():
            setattr(row, field, value)
        row.save()
    return row


@pytest.mark.parametrize("status", [status for status in S if status != S.NONE])
def test_each_state_has_its_badge_and_exactly_its_buttons(owner: Member, status: str) -> None:
    row = paid(owner.tenant, status, "Maya", pay_url="https://pay.example/in_1")
    with tenant_scope(owner.tenant.id):
        offered = standing.current().may

    page = owner.read()

    if row.status in standing.LIVE:
        assert f"{BADGES[S(status)]}</span>" in page
    assert {act for act, form in FORMS.items() if form in page} == offered


PRESSES = {
    standing.SUBSCRIBE: ("billing/subscribe/", {"plan": "employee_month", "seats": "4"}),
    standing.CHANGE_SEATS: ("billing/seats/", {"seats": "4", "shown": "1-0"}),
    standing.SWITCH_PLAN: ("billing/plan/", {"plan": "employee_year", "shown": "1-0"}),
    standing.CANCEL: ("billing/cancel/", {}),
    standing.RESUME: ("billing/resume/", {}),
}
NOT_OFFERED = [(status, act) for status in S for act in PRESSES if act not in standing.OFFERS[status]]


@pytest.mark.parametrize(("status", "act"), NOT_OFFERED)
def test_what_a_state_does_not_offer_is_refused_before_stripe_is_asked(owner: Member, status: str, act: str) -> None:
    """For example from a page that was open for a long time. Calling Stripe would give a 502 here."""
    before = paid(owner.tenant, status, "Maya")
    path, fields = PRESSES[act]

    answer = owner.post(path, **fields)

    assert answer.status_code == 409 or (answer.status_code, answer["Location"]) == (302, "/t/acme/billing/")
    with tenant_scope(owner.tenant.id):
        after = Entitlement.objects.get()
    assert {name: getattr(after, name) for name in ("status", "seats", "plan", "cancels_at", "next_seats")} == {
        name: getattr(before, name) for name in ("status", "seats", "plan", "cancels_at", "next_seats")
    }


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
@pytest.mark.parametrize("status", list(S))
def test_members_who_may_not_buy_see_the_page_without_buttons(cast: Cast, status: str, role: Role) -> None:
    if status != S.NONE:
        paid(cast.acme, status, "Maya", pay_url="https://pay.example/in_1")

    page = colleague(cast.acme, role).read()

    assert [act for act, form in FORMS.items() if form in page] == []
    assert "Owners and admins of this workspace" in page


def test_an_admin_may_buy(cast: Cast) -> None:
    assert FORMS[standing.SUBSCRIBE] in colleague(cast.acme, Role.ADMIN).read()


def test_without_a_subscription_month_and_year_are_offered_with_a_seat_for_everyone(owner: Member) -> None:
    page = owner.read()

    assert "$49.00" in page
    assert "$490.00" in page
    assert "Two months free" in page
    assert "Start the 14-day trial" in page
    assert "1 seat free of charge" in page
    assert "$5.00 of the $5.00 trial credit for the LLM is left" in page


def test_a_former_subscriber_gets_no_second_trial(owner: Member) -> None:
    paid(owner.tenant, S.CANCELED, "Maya", "Leo")

    page = owner.read()

    assert "Go to payment" in page
    assert 'value="2"' in page


def test_the_page_shows_price_seats_next_invoice_and_card(owner: Member) -> None:
    paid(owner.tenant, S.ACTIVE, "Maya", "Leo", next_invoice_usd=Decimal("147.00"), next_invoice_at=ENDS)

    page = owner.read()

    assert "$49.00 per AI employee per month" in page
    assert '2 <span class="of">of 3</span>' in page
    assert "1 free" in page
    assert "$147.00</dd>" in page
    assert "on 3 January 2031" in page
    assert "Visa ending in 4242" in page
    assert "Expires 04/2031" in page


def test_earlier_subscribers_see_their_own_price(owner: Member) -> None:
    paid(owner.tenant, S.ACTIVE, "Maya", unit_usd=Decimal(39))

    page = owner.read()

    assert "$39.00 per AI employee per month" in page
    assert "$117.00" in page
    assert "$490.00 per AI employee per year" in page
    assert "Two months free" not in page


def test_an_expired_card_is_marked(owner: Member) -> None:
    paid(owner.tenant, S.ACTIVE, card_expires="01/2020")
    assert "Expired 01/2020" in owner.read()


def test_a_trial_shows_its_days_and_what_is_charged_afterwards(owner: Member) -> None:
    ends = timezone.now() + timedelta(days=8, hours=3)
    paid(owner.tenant, S.TRIALING, "Maya", trial_ends_at=ends, next_invoice_usd=Decimal("147.00"))

    page = owner.read()

    assert "9 days of the trial left" in page
    assert "Then $147.00 is charged to Visa ending in 4242" in page


def test_a_trial_without_a_card_shows_who_pauses(owner: Member) -> None:
    ends = timezone.now() + timedelta(hours=3)
    paid(owner.tenant, S.TRIALING, "Maya", "Leo", trial_ends_at=ends, card_brand="")

    page = owner.read()

    assert "1 day of the trial left" in page
    assert "add one before then, or Maya and Leo pause." in page


def test_times_are_in_the_workspaces_time_zone(owner: Member) -> None:
    Tenant.objects.filter(id=owner.tenant.id).update(time_zone="America/New_York")
    paid(owner.tenant, S.ACTIVE, "Maya", cancels_at=ENDS)
    assert "ends on 3 January 2031, 05:00 (America/New_York)" in owner.read()


def test_a_planned_decrease_names_who_pauses_and_can_be_undone(owner: Member) -> None:
    paid(owner.tenant, S.ACTIVE, "Maya", "Leo", "Nora", next_seats=1, next_seats_at=ENDS)

    page = owner.read()

    assert "1 seat from 3 January 2031, 10:00 (UTC)" in page
    assert "Then Leo and Nora pause" in page
    assert page.count("Pauses 3 January") == 2
    assert 'action="/t/acme/billing/seats/keep/"' in page
    assert "Keep 3 seats" in page


def test_a_cancelled_subscription_names_who_pauses_and_can_be_kept(owner: Member) -> None:
    paid(owner.tenant, S.ACTIVE, "Maya", "Leo", cancels_at=ENDS)

    page = owner.read()

    assert "Until then nothing changes; then Maya and Leo pause." in page
    assert "Keep the subscription" in page
    assert FORMS[standing.CANCEL] not in page


def test_the_cancel_dialog_names_the_day_and_the_people(owner: Member) -> None:
    paid(owner.tenant, S.ACTIVE, "Maya")

    page = owner.read()

    assert "Nothing changes until 3 January 2031, 10:00 (UTC)." in page
    assert "Then Maya pauses" in page
    assert re.search(r"autofocus>Keep it</button>", page)


def test_the_cancel_dialog_mentions_a_planned_decrease(owner: Member) -> None:
    paid(owner.tenant, S.ACTIVE, "Maya", next_seats=1, next_seats_at=ENDS)

    assert "The planned change to 1 seat on 3 January 2031 is dropped, even if you undo" in owner.read()


def test_cancelling_while_a_payment_is_due_promises_no_more_than_the_grace(owner: Member) -> None:
    since = timezone.now() - timedelta(days=2)
    row = paid(owner.tenant, S.PAST_DUE, "Maya", past_due_since=since, pay_url="https://pay.example/in_1")

    stop = f"{since + timedelta(days=7):%-d %B %Y}"
    page = owner.read()
    assert f"Nothing changes until {stop}</span>" in page
    assert f"Nothing changes until {stop}, " in page
    assert "; the subscription ends on 3 January 2031" in page

    with tenant_scope(owner.tenant.id):
        Entitlement.objects.filter(id=row.id).update(past_due_since=since - timedelta(days=7))
    page = owner.read()
    assert "Nothing changes" not in page
    assert "Ends on 3 January 2031" in page


def test_cancelled_while_a_payment_is_due_nothing_works_until_the_end(owner: Member) -> None:
    paid(owner.tenant, S.PAST_DUE, "Maya", past_due_since=timezone.now(), cancels_at=ENDS)

    assert "Until then nothing changes" not in owner.read()


def test_with_a_free_seat_no_page_warns_of_a_past_stop(owner: Member) -> None:
    paid(owner.tenant, S.PAST_DUE, "Maya", "Leo", past_due_since=timezone.now() - timedelta(days=9))
    with tenant_scope(owner.tenant.id):
        CompSeats.objects.create(seats=1, reason="A beta test", expires_at=ENDS)

    assert "AI employees stop on" not in owner.read("employees/")


def test_free_seats_are_dated_by_the_first_that_end(owner: Member) -> None:
    paid(owner.tenant, S.ACTIVE, "Maya")
    with tenant_scope(owner.tenant.id):
        for days in (0, 30):
            CompSeats.objects.create(seats=1, reason="A beta test", expires_at=ENDS + timedelta(days=days))

    assert "3 paid, 2 complimentary, the first of them until 3 January 2031" in owner.read()


def test_free_seats_are_counted_and_dated(owner: Member) -> None:
    paid(owner.tenant, S.ACTIVE, "Maya")
    with tenant_scope(owner.tenant.id):
        CompSeats.objects.create(seats=2, reason="A beta test", expires_at=ENDS)

    page = owner.read()

    assert '1 <span class="of">of 5</span>' in page
    assert "3 paid, 2 complimentary until 3 January 2031" in page


@pytest.mark.parametrize("role", list(Role))
def test_without_a_key_nothing_is_offered(cast: Cast, settings: Settings, role: Role) -> None:
    settings.STRIPE_KEY = ""
    visitor = colleague(cast.acme, role)

    page = visitor.read()

    assert "This installation sells no subscriptions" in page
    assert [act for act, form in FORMS.items() if form in page] == []
    assert "$49.00" not in page
    assert 'href="/t/acme/billing/"' not in visitor.read("")


def test_without_a_key_an_already_open_form_is_refused_with_a_reason(owner: Member, settings: Settings) -> None:
    settings.STRIPE_KEY = ""
    answer = owner.post("billing/subscribe/", plan="employee_month", seats="1")
    assert answer.status_code == 502
    assert "STRIPE_SECRET_KEY is not set" in words_of(answer)


@pytest.mark.parametrize("seats", ["0", "-1", "10000", "x", "", "1.5", "\u0661", "1e2"])
def test_an_invalid_quantity_is_refused_next_to_its_field(owner: Member, seats: str) -> None:
    answer = owner.post("billing/subscribe/", plan="employee_month", seats=seats)

    page = words_of(answer)
    assert answer.status_code == 422
    assert (
        ": a whole number from 1 to 1,000." in page
        or "not a number of seats: enter a whole number from 1 to 1,000." in page
    )
    assert 'aria-invalid="true"' in page
    assert 'id="id_seats_error"' in page
    with tenant_scope(owner.tenant.id):
        assert not Entitlement.objects.exists()


def test_an_unknown_plan_is_refused(owner: Member) -> None:
    answer = owner.post("billing/subscribe/", plan="employee_decade", seats="1")
    assert answer.status_code == 422
    assert "Choose one of the plans on this page." in words_of(answer)


def test_an_answer_with_errors_can_be_reloaded(owner: Member) -> None:
    assert owner.get("billing/subscribe/").headers["Location"] == "/t/acme/billing/"


@pytest.mark.parametrize("path", ["billing/seats/", "billing/plan/"])
def test_without_a_subscription_there_is_nothing_to_change(owner: Member, path: str) -> None:
    assert owner.get(path).headers["Location"] == "/t/acme/billing/"


@pytest.mark.parametrize(
    "path", ["subscribe/", "seats/", "seats/keep/", "plan/", "card/", "portal/", "cancel/", "resume/"]
)
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_members_who_may_not_buy_are_refused_everywhere(cast: Cast, role: Role, path: str) -> None:
    assert colleague(cast.acme, role).post(f"billing/{path}", seats="2").status_code == 403
