"""Many log-ins at once over real HTTP, as a password-guessing program would send them."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from uuid import uuid4

import httpx

THREADS = 16
_numbers = count(1)


def forwarded(last: str) -> list[tuple[str, str]]:
    """Forwarding headers that claim a different client each time; the proxy's own entry, if any, comes last."""
    number = next(_numbers)
    claimed = f"198.51.{number // 250 % 250}.{number % 250 + 1}"
    return [("X-Forwarded-For", f"{claimed}, {last}" if last else claimed)]


class Guesser:
    """A client of one product, with a CSRF token."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/accounts/login/"
        page = httpx.get(self.url, headers={"X-Forwarded-For": "192.0.2.1"})
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert found, page.text
        self.cookies, self.token = dict(page.cookies), found[1]

    def guess(self, client: httpx.Client, last: str, email: str = "") -> httpx.Response:
        data = {
            "login": email or f"{uuid4().hex}@example.com",
            "password": "a guess of many",
            "csrfmiddlewaretoken": self.token,
        }
        return client.post(self.url, data=data, headers=[*forwarded(last), ("Referer", self.url)])

    def guess_many(self, attempts: int, last: str = "") -> Counter[int]:
        """The number of answers per status for that many attempts in threads."""
        with (
            httpx.Client(cookies=self.cookies, timeout=60) as client,
            ThreadPoolExecutor(THREADS) as pool,
        ):
            return Counter(pool.map(lambda _: self.guess(client, last).status_code, range(attempts)))
