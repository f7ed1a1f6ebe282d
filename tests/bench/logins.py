"""What a stranger can learn from response times, and how many of 1,000 guesses get through."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from uuid import uuid4

import httpx

from tests.accounts.crowd import Guesser
from tests.bench.figures import say
from tests.stack import Stack

ATTEMPTS = 1_000
LIMIT_A_MINUTE = 10
PASSWORD = "a calm and quiet harbour"
# One hash for all accounts: good enough for the test, and created in a second.
MAKE_ACCOUNTS = """
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from tenants.models import User
password = make_password({password!r})
users = User.objects.bulk_create(User(email=f"known{{n}}@bench.example", password=password) for n in range({count}))
EmailAddress.objects.bulk_create(EmailAddress(user=each, email=each.email, verified=True, primary=True) for each in users)
"""  # noqa: E501
FLOWS = {
    "log-in, wrong password": ("login/", "login", {"password": "not the password"}),
    "code to log in": ("login/code/", "email", {}),
    "password reset": ("password/reset/", "email", {}),
    "sign-up with a password": ("signup/", "email", {"password1": PASSWORD}),
}


@dataclass
class Times:
    """Response times in seconds for addresses with and without an account."""

    known: list[float] = field(default_factory=list)
    unknown: list[float] = field(default_factory=list)

    def cells(self) -> list[str]:
        known, unknown = median(self.known), median(self.unknown)
        return [str(len(self.known)), f"{known * 1000:.1f} ms", f"{unknown * 1000:.1f} ms", f"{known / unknown:.3f}"]


TIMES_HEAD = ("n each", "known, median", "unknown, median", "ratio")


def measure_times(stack: Stack, samples: int) -> list[list[str]]:
    """The table's rows: each flow with equal numbers of known and unknown addresses, alternating."""
    stack.manage("shell", "-v", "0", "-c", MAKE_ACCOUNTS.format(password=PASSWORD, count=samples))
    stranger = _Stranger(stack.url)
    return [_row(name, _times(stranger, samples, *flow)) for name, flow in FLOWS.items()]


def _row(name: str, times: Times) -> list[str]:
    """The table's row; prints the ratio right away, since on a busy machine the next flow takes minutes."""
    cells = times.cells()
    say(f"{name}: {cells[-1]}")
    return [name, *cells]


def _times(stranger: "_Stranger", samples: int, path: str, name: str, more: dict[str, str]) -> Times:
    times = Times()
    stranger.ask(path, {name: "warm-up@bench.example", **more})
    for number in range(samples):
        pair = [(times.known, f"known{number}@bench.example"), (times.unknown, f"{uuid4().hex[:9]}@bench.example")]
        for seconds, address in pair if number % 2 else reversed(pair):
            seconds.append(stranger.ask(path, {name: address, **more}))
    return times


class _Stranger:
    """Sends each request from a different address, without a session, through what the product considers its proxy."""

    def __init__(self, url: str) -> None:
        guesser = Guesser(url)
        self._url, self._token = url, guesser.token
        self._client = httpx.Client(timeout=60)
        self._cookie = "; ".join(f"{name}={value}" for name, value in guesser.cookies.items())
        self._clients = _addresses()

    def ask(self, path: str, data: dict[str, str]) -> float:
        """Seconds until the response, which must not be an error."""
        headers = {"Cookie": self._cookie, "X-Forwarded-For": next(self._clients)}
        begun = time.perf_counter()
        answer = self._client.post(
            f"{self._url}/accounts/{path}", data={**data, "csrfmiddlewaretoken": self._token}, headers=headers
        )
        taken = time.perf_counter() - begun
        self._client.cookies.clear()
        assert answer.status_code in {200, 302}, f"{path}: {answer.status_code}"
        return taken


def _addresses() -> Iterator[str]:
    return (f"10.{n // 65_536 % 256}.{n // 256 % 256}.{n % 256}" for n in range(1, 1 << 24))


GUESSES_HEAD = ("attempts", "let through", "429", "others", "seconds", "limit")


def measure_guesses(stack: Stack, last: str) -> list[str]:
    """The row's cells: the results of 1,000 guesses whose forwarding headers claim a different client each time."""
    begun = time.monotonic()
    statuses = Guesser(stack.url).guess_many(ATTEMPTS, last)
    seconds = time.monotonic() - begun
    through, refused = statuses.pop(200, 0), statuses.pop(429, 0)
    limit = LIMIT_A_MINUTE * (int(seconds // 60) + 1)
    return [str(ATTEMPTS), str(through), str(refused), str(sum(statuses.values())), f"{seconds:.0f}", str(limit)]
