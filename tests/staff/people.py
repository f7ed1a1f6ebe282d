"""Staff for tests, who log in as in the product: with password and authenticator app."""

import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.http import HttpResponse
from django.test import Client

from tenants.models import User
from tests.factories import make_user

PASSWORD = "correct horse battery"
PERIOD = 30


def code(secret: str, *, later: int = 0) -> str:
    """The authenticator app's code now, or that many periods later."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD + later)))


@dataclass
class Person:
    """A person with their own browser; `secret` is the key in their authenticator app."""

    user: User
    client: Client
    secret: str = ""

    def get(self, address: str, **query: str) -> HttpResponse:
        return self.client.get(address, query)  # type: ignore[return-value]

    def post(self, address: str, **data: object) -> HttpResponse:
        return self.client.post(address, data)  # type: ignore[return-value]

    def log_in(self, *, second_step: bool = True) -> None:
        """Log in on the real pages. Each code works once, so a later proof in a test uses a later period's code."""
        answer = self.post("/accounts/login/", login=self.user.email, password=PASSWORD)
        assert answer.status_code == 302, answer.content.decode()
        if second_step and self.secret:
            answer = self.post(urlsplit(answer.headers["Location"]).path, code=code(self.secret))
            assert answer.status_code == 302, answer.content.decode()


def person(user: User, *, second_step: bool = False) -> Person:
    """A person with a confirmed address and a new browser."""
    EmailAddress.objects.get_or_create(user=user, email=user.email, verified=True, primary=True)
    secret = generate_totp_secret() if second_step else ""
    if secret:
        TOTP.activate(user, secret)
    return Person(user, Client(HTTP_USER_AGENT="Firefox of a test"), secret)


def make_staff(email: str = "sam@roster.example", *, is_superuser: bool = False) -> Person:
    """A member of Roster's staff with an authenticator app, logged in."""
    user = make_user(email)
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=is_superuser)
    user.refresh_from_db()
    staff = person(user, second_step=True)
    staff.log_in()
    return staff
