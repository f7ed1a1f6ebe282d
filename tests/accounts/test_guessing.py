"""A mailed code allows three tries, even with simultaneous requests and slow ones that write back old sessions."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tenants.models import User
from tests.accounts.visitor import Visitor, code_for, text
from tests.stack import Stack
from tests.waiting import eventually

WRONG = "WRON-GONE"
AT_ONCE = 24
NEW = "new@example.com"
PHRASE = "a quiet harbour at dusk"

Begin = Callable[[Visitor, User], tuple[str, str]]
"""Requests a code; returns the path that accepts it, and the recipient."""


def log_in_by_code(visitor: Visitor, alice: User) -> tuple[str, str]:
    visitor.post("login/code/", email=alice.email)
    return "login/code/confirm/", alice.email


def reset_password(visitor: Visitor, alice: User) -> tuple[str, str]:
    visitor.post("password/reset/", email=alice.email)
    return "password/reset/confirm/", alice.email


def sign_up(visitor: Visitor, alice: User) -> tuple[str, str]:
    visitor.post("signup/", email=NEW, password1=PHRASE)
    return "confirm-email/", NEW


def change_address(visitor: Visitor, alice: User) -> tuple[str, str]:
    visitor.log_in(alice.email)
    visitor.proves(visitor.post("email/", email=NEW))
    return "email/confirm/", alice.email


def prove_by_mail(visitor: Visitor, alice: User) -> tuple[str, str]:
    alice.set_unusable_password()
    alice.save()
    visitor.client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    visitor.post("reauthenticate/code/?next=/accounts/2fa/totp/activate/")
    return "reauthenticate/code/?next=/accounts/2fa/totp/activate/", alice.email


WAYS: list[Begin] = [log_in_by_code, reset_password, sign_up, change_address, prove_by_mail]


def looks_refused(answer: Any) -> bool:
    return "That is not the right code" in text(answer)


@pytest.mark.parametrize("begin", WAYS)
def test_a_session_written_back_by_a_slow_request_gives_no_more_tries(alice: User, begin: Begin) -> None:
    """Each request writes back the whole session it read, so a count in the session can be reset."""
    visitor = Visitor()
    path, address = begin(visitor, alice)
    code = code_for(address)
    before = dict(visitor.client.session.items())
    for _ in range(3):
        visitor.post(path, code=WRONG)
    session = visitor.client.session
    session.clear()
    session.update(before)
    session.save()

    assert looks_refused(visitor.post(path, code=code))


@pytest.mark.parametrize("begin", WAYS)
def test_the_third_try_may_be_the_right_one(alice: User, begin: Begin) -> None:
    visitor = Visitor()
    path, address = begin(visitor, alice)
    for _ in range(2):
        assert looks_refused(visitor.post(path, code=WRONG))

    assert not looks_refused(visitor.post(path, code=code_for(address)))


def test_simultaneous_guesses_over_http_are_counted_one_by_one(named_stack: Stack) -> None:
    """Without a separate count, each of them would see that nobody had tried yet."""
    with httpx.Client(base_url=f"{named_stack.url}/accounts/", timeout=60, headers=_referer(named_stack)) as client:
        email = "guessed@example.com"
        _post(client, "signup/", email=email, password1=PHRASE)
        code = _mailed_code(named_stack, email)
        token = _token(client.get("confirm-email/"))
        before = dict(client.cookies)

        def guess(_: int) -> httpx.Response:
            data = {"code": WRONG, "csrfmiddlewaretoken": token}
            return httpx.post(
                f"{client.base_url}confirm-email/", data=data, cookies=before, headers=client.headers, timeout=60
            )

        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(guess, range(AT_ONCE)))
        assert {answer.status_code for answer in answers} <= {200, 302, 400}
        client.post("confirm-email/", data={"code": code, "csrfmiddlewaretoken": token})
        overview = client.get("security/")

    assert overview.status_code == 302, "the right code came after three wrong ones, so it logs nobody in"


def _referer(stack: Stack) -> dict[str, str]:
    return {"Referer": f"{stack.url}/accounts/", "X-Forwarded-For": "203.0.113.44"}


def _token(page: httpx.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def _post(client: httpx.Client, path: str, **data: str) -> httpx.Response:
    return client.post(path, data={**data, "csrfmiddlewaretoken": _token(client.get(path))})


def _mailed_code(stack: Stack, email: str) -> str:
    def newest() -> str:
        mails = stack.look("mail/control/messages", to=email)["messages"]
        found = re.search(r"^ {4}(\S+)$", mails[0]["text"].replace("\r", ""), re.MULTILINE) if mails else None
        return found[1] if found else ""

    code: str = eventually(newest, within=10, what="the mail with the code")
    return code
