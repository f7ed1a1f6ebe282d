"""Accounts with many sessions, passkeys and workspaces."""

from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from tenants.accounts import sessions
from tenants.accounts.passkeys import MOST_PASSKEYS, AddWebAuthnForm
from tenants.http.middleware import MOST
from tenants.models import Membership, Role, Tenant, User
from tenants.team import workspaces
from tests.accounts.visitor import Visitor, text


def test_a_log_in_ends_the_sessions_that_were_seen_longest_ago(alice: User) -> None:
    now = timezone.now()
    keys = [uuid4().hex for _ in range(sessions.MOST + 5)]
    for number, key in enumerate(keys):
        Session.objects.create(session_key=key, session_data="x", expire_date=now + timedelta(days=1))
        UserSession.objects.create(user=alice, ip="203.0.113.9", session_key=key, user_agent="Firefox", data={})
        UserSession.objects.filter(session_key=key).update(last_seen_at=now - timedelta(hours=number + 1))
    visitor = Visitor()
    visitor.log_in(alice.email)
    assert UserSession.objects.filter(user=alice).count() <= sessions.MOST + 1  # allauth records the new one afterwards
    assert Session.objects.filter(session_key=keys[0]).exists()
    assert not Session.objects.filter(session_key=keys[-1]).exists()
    assert "This browser" in text(visitor.get("sessions/"))


def test_the_number_of_passkeys_is_limited(alice: User) -> None:
    Authenticator.objects.bulk_create(
        Authenticator(user=alice, type="webauthn", data={"name": "Key", "credential": {}}) for _ in range(MOST_PASSKEYS)
    )
    form = AddWebAuthnForm({"name": "One more", "credential": "{}"}, user=alice)
    assert not form.is_valid()
    assert form.errors["__all__"] == [f"You have {MOST_PASSKEYS} passkeys. Remove one that you do not use."]


def test_the_menu_names_some_workspaces_and_leads_to_all(visitor: Visitor, alice: User) -> None:
    made = Tenant.objects.bulk_create(Tenant(name=f"Place {n:02}", slug=f"place-{n:02}") for n in range(MOST + 5))
    Membership.objects.bulk_create(Membership(tenant=each, user=alice, role=Role.OWNER) for each in made)
    home = visitor.client.get("/t/acme/").content.decode()
    assert home.count("/t/place-") == 2 * (MOST - 1)  # the menu appears twice; Acme is its first entry
    assert 'href="/workspaces/"' in home
    first = visitor.client.get("/workspaces/").content.decode()
    second = visitor.client.get("/workspaces/?page=2").content.decode()
    assert first.count('class="cover"') + second.count('class="cover"') == MOST + 6


@pytest.mark.django_db
def test_a_url_for_one_of_many_workspaces_of_the_same_name_is_found_quickly() -> None:
    taken = ["bakery", *(f"bakery-{number}" for number in range(2, workspaces.NUMBERED + 1))]
    Tenant.objects.bulk_create(Tenant(name="Bakery", slug=slug) for slug in taken[:3])
    assert workspaces.free_slug("Bakery") == "bakery-4"
    Tenant.objects.bulk_create(Tenant(name="Bakery", slug=slug) for slug in taken[3:])
    one, other = workspaces.free_slug("Bakery"), workspaces.free_slug("Bakery")
    assert one.startswith("bakery-")
    assert one not in taken
    assert one != other
