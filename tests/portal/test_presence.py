"""Who answers, who doesn't, since when, and who has to act: on the employees, home, channels and usage pages."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from agents.models import Agent
from agents.reasons import Cause
from agents.runs import silence
from billing import quota
from billing.models import Entitlement
from channels.connections import health
from channels.models import Connection
from channels.providers.base import DeliveryRefusedError
from channels.providers.slack import wordings
from channels.reasons import Cause as ChannelCause
from tenants.models import Role, Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.billing.people import Member, colleague, member
from tests.conftest import Cast
from usage.ledger import meter
from usage.ledger.meter import BudgetExceededError

ON_DUTY = "On duty</span>"


@pytest.fixture
def owner(cast: Cast) -> Member:
    return member(cast.alice, cast.acme)


@pytest.fixture
def maya(cast: Cast) -> Agent:
    """Maya, hired and with a channel."""
    with tenant_scope(cast.acme.id):
        factories.make_connection("T0ACME")
        return factories.make_agent("Maya")


def pages_of(reader: Member, agent: Agent) -> dict[str, str]:
    found = {"list": "employees/", "own": f"employees/{agent.id}/", "home": "", "channels": "channels/"}
    return {name: reader.read(path) for name, path in found.items()}


def lose(tenant: Tenant, code: str = "token_revoked") -> None:
    """Make Slack reject the token."""
    with tenant_scope(tenant.id):
        error = DeliveryRefusedError(wordings.DEAD_TOKEN(code=code), breaks_connection=True, code=code)
        health.refused(Connection.objects.get().id, error)


def test_an_employee_with_seat_channel_and_credit_is_on_duty(owner: Member, maya: Agent) -> None:
    pages = pages_of(owner, maya)
    assert ON_DUTY in pages["list"]
    assert "Maya on duty" in pages["home"]
    assert 'id="silence"' not in pages["own"]


def test_without_any_channel_nobody_is_on_duty(owner: Member) -> None:
    with tenant_scope(owner.tenant.id):
        agent = factories.make_agent("Maya")

    pages = pages_of(owner, agent)

    assert ON_DUTY not in pages["list"]
    assert "No channel</span>" in pages["list"]
    assert "No channel is connected, so nobody can reach Maya." in pages["own"]
    assert "Nobody on duty" in pages["home"]


def test_a_lost_slack_connection_is_shown_with_its_day_and_can_be_reconnected(owner: Member, maya: Agent) -> None:
    lose(owner.tenant)

    pages = pages_of(owner, maya)

    assert ON_DUTY not in pages["list"]
    assert "Disconnected</span>" in pages["list"]
    assert "Slack no longer lets Roster into Northwind: nobody there gets an answer." in pages["own"]
    assert "Slack has not worked since" in pages["home"]
    assert "Connect Slack again</a>" in pages["home"]
    assert "Next: Connect a channel" not in pages["home"]
    assert "How people reach it" not in pages["home"]
    assert "Silent since" in pages["channels"]
    assert "token_revoked" not in "".join(pages.values())
    wizard = owner.read("onboarding/channel/")
    assert "Slack no longer lets Roster into Northwind" in wizard
    assert "Connect Slack again" in wizard


def test_an_app_that_was_removed_in_slack_is_shown_as_such(owner: Member, maya: Agent) -> None:
    with tenant_scope(owner.tenant.id):
        health.ended_at_provider(Connection.objects.get(), timezone.now())

    pages = pages_of(owner, maya)

    assert ON_DUTY not in pages["list"]
    assert "Northwind removed the app in Slack" in pages["home"]
    assert "Northwind removed the app in Slack" in pages["channels"]


def test_a_channel_that_we_disconnected_ourselves_is_not_shown_as_lost(owner: Member, maya: Agent) -> None:
    with tenant_scope(owner.tenant.id):
        health.disconnect(Connection.objects.get(), health.IN_THE_PORTAL(), ChannelCause.DISCONNECTED)

    home = owner.read("")

    assert "Slack has been disconnected since" in home
    assert "Northwind was disconnected here" in home


def test_reconnecting_fixes_it(owner: Member, maya: Agent) -> None:
    lose(owner.tenant)
    with tenant_scope(owner.tenant.id):
        factories.make_connection("T0ACME")

    pages = pages_of(owner, maya)

    assert ON_DUTY in pages["list"]
    assert "has not worked since" not in pages["home"]


def test_members_who_may_not_connect_are_told_who_may(cast: Cast, maya: Agent) -> None:
    lose(cast.acme)

    pages = pages_of(colleague(cast.acme, Role.VIEWER), maya)

    for name in ("home", "own", "channels"):
        assert "Operators, admins and owners of this workspace can connect Slack again." in pages[name]
        assert "Connect Slack again</a>" not in pages[name]


def test_the_page_says_who_gets_new_conversations(owner: Member, maya: Agent) -> None:
    with tenant_scope(owner.tenant.id):
        Entitlement.objects.create(status="active", plan="employee_month", seats=2)
        leo = factories.make_agent("Leo")

    pages = pages_of(owner, leo)

    assert (
        "New conversations in Northwind go to Maya: Leo answers only where people call it by name, or where it has "
        "answered before." in pages["list"]
    )
    assert "New conversations go to Maya." in pages["channels"]


def test_a_credit_that_is_too_small_for_an_answer_is_used_up_on_every_page(owner: Member, maya: Agent) -> None:
    with tenant_scope(owner.tenant.id):
        credit = quota.trial_meter()
        type(credit).objects.update(spent_usd=Decimal("4.9999"))
        with pytest.raises(BudgetExceededError):
            quota.reserve(maya.id, maya.name, uuid4(), Decimal("0.01"))

    pages = pages_of(owner, maya)

    assert ON_DUTY not in pages["list"]
    assert "No credit</span>" in pages["list"]
    assert "ask whoever runs this Roster" in pages["own"]
    assert "Maya: No credit since" in pages["home"]
    usage = owner.read("usage/")
    assert "Used up</span>" in usage
    assert "too little left of $5.00 since" in usage


def test_a_smaller_answer_that_fits_clears_that(owner: Member, maya: Agent) -> None:
    with tenant_scope(owner.tenant.id):
        credit = quota.trial_meter()
        type(credit).objects.update(spent_usd=Decimal("4.99"))
        with pytest.raises(BudgetExceededError):
            meter.reserve([credit], uuid4(), Decimal("0.02"))
        meter.reserve([credit], uuid4(), Decimal("0.001"))
        credit.refresh_from_db()
        assert (credit.is_used_up, credit.refused_since) == (False, None)

    assert ON_DUTY in owner.read("employees/")


def test_answers_that_fail_on_our_side_are_reported_until_one_succeeds(owner: Member, maya: Agent) -> None:
    since = timezone.now() - timedelta(hours=2)
    with tenant_scope(owner.tenant.id):
        silence.note_unanswered(maya.id, Cause.LLM_REFUSED, since)
        silence.note_unanswered(maya.id, Cause.LLM_REFUSED, timezone.now())
        assert Agent.objects.get().unanswered_since == since

    pages = pages_of(owner, maya)

    assert "Not answering</span>" in pages["list"]
    assert "That is on our side" in pages["home"]
    with tenant_scope(owner.tenant.id):
        silence.note_answered(maya.id)
    assert ON_DUTY in owner.read("employees/")


def test_a_workspace_that_is_about_to_be_deleted_has_nobody_on_duty(owner: Member, maya: Agent) -> None:
    Tenant.objects.filter(id=owner.tenant.id).update(deletes_at=timezone.now() + timedelta(days=15))
    assert ON_DUTY not in owner.read("employees/")


def test_the_wizards_last_step_leads_to_a_lost_channel_and_does_not_loop(owner: Member, maya: Agent) -> None:
    lose(owner.tenant)
    assert owner.get("onboarding/test/").headers["Location"] == "/t/acme/onboarding/channel/"
