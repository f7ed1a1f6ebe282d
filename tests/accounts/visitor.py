"""A person using the account pages, without a browser."""

import base64
import hashlib
import hmac
import re
import struct
import time
from typing import Any

from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client

from tenants.models import User

PASSWORD = "correct horse battery"


class Visitor:
    """One browser session. Paths are below /accounts/."""

    def __init__(self, **headers: str) -> None:
        self.client = Client(headers=headers)

    def get(self, path: str, **query: str) -> Any:
        return self.client.get(f"/accounts/{path}", query)

    def post(self, path: str, **data: str) -> Any:
        """The response after all redirects."""
        return self.client.post(f"/accounts/{path}", data, follow=True)

    def log_in(self, email: str, password: str = PASSWORD) -> Any:
        return self.post("login/", login=email, password=password)

    def proves(self, answer: Any, password: str = PASSWORD) -> Any:
        """Enter the password again if the last response asks for it."""
        assert "Is this you?" in text(answer), text(answer)
        path, query = answer.redirect_chain[-1][0].split("?")
        return self.client.post(
            path, {"password": password, "next": query.removeprefix("next=").replace("%2F", "/")}, follow=True
        )

    @property
    def is_logged_in(self) -> bool:
        return self.client.get("/accounts/security/").status_code == 200


def text(answer: Any) -> str:
    """The page's text on one line."""
    page = re.sub(r"<(style|svg|script|head).*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def confirmed(user: User) -> User:
    """The same person with a confirmed address."""
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def mails_to(email: str) -> list[EmailMessage]:
    return [each for each in mail.outbox if each.to == [email]]


def code_for(email: str) -> str:
    """The code in the newest mail to this address."""
    found = re.search(r"^ {4}(\S+)$", str(mails_to(email)[-1].body), re.MULTILINE)
    assert found, mails_to(email)[-1].body
    return found[1]


def totp(secret: str, *, at: float | None = None) -> str:
    """The code of an authenticator app (RFC 6238: SHA-1, six digits, half a minute)."""
    counter = int((time.time() if at is None else at) // 30)
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), hashlib.sha1).digest()
    offset = digest[-1] & 15
    value: int = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{value % 1_000_000:06}"
