"""How often a client or an account may try."""

from itertools import count
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tenants.models import User
from tests.accounts.visitor import Visitor, text

WRONG = "not the password"
numbers = count(1)


def tries(times: int, email: str = "", **headers: Any) -> list[int]:
    """The statuses of that many wrong log-ins, each with a different forwarding header."""
    client = Client()
    return [
        client.post(
            "/accounts/login/",
            {"login": email or f"person{next(numbers)}@example.com", "password": WRONG},
            headers={"x-forwarded-for": f"198.51.100.{number}", **headers},
        ).status_code
        for number in range(times)
    ]


@pytest.mark.usefixtures("db")
def test_one_client_gets_ten_guesses_a_minute_wherever_it_claims_to_be() -> None:
    assert tries(14) == [200] * 10 + [429] * 4


def test_one_account_takes_five_guesses_from_all_clients_together(alice: User, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1

    assert tries(7, alice.email) == [200] * 5 + [429] * 2
    assert tries(7, "nobody@example.com") == [200] * 5 + [429] * 2, "the same for an address without an account"


def test_another_port_in_the_host_header_does_not_reset_the_count(alice: User, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    statuses = [tries(1, alice.email, host=f"testserver:{port}")[0] for port in range(1, 8)]

    assert statuses == [200] * 5 + [429] * 2


def test_behind_a_proxy_each_client_has_its_own_limit(settings: Settings, db: None) -> None:
    settings.TRUSTED_PROXIES = 1

    assert tries(14) == [200] * 14


def test_the_limit_page_says_what_happened_and_has_our_design(alice: User) -> None:
    visitor = Visitor()
    for _ in range(6):
        answer = visitor.log_in(alice.email, WRONG)

    assert answer.status_code == 429
    assert "Too many tries in a short time" in text(answer)


def test_the_right_password_does_not_help_after_the_limit_but_a_code_by_mail_does(alice: User) -> None:
    visitor = Visitor()
    for _ in range(6):
        visitor.log_in(alice.email, WRONG)
    assert visitor.log_in(alice.email).status_code == 429
    asked = visitor.post("login/code/", email=alice.email)

    assert "Enter your log-in code" in text(asked)


def test_one_mailbox_gets_three_codes_a_minute(alice: User) -> None:
    statuses = [Visitor().post("password/reset/", email=alice.email).status_code for _ in range(4)]

    assert statuses == [200, 200, 200, 429]
