"""Limits under attack: real HTTP, threads, and headers that claim a different client each time."""

import time

from tests.accounts.crowd import Guesser
from tests.stack import Stack

ATTEMPTS = 150
A_MINUTE = 10
BUSY = {503}
"""So many at once that most passwords aren't even checked (tenants/accounts/hashing.py)."""


def test_spoofed_forwarding_headers_get_no_more_than_the_limit(named_stack: Stack) -> None:
    """`python -m tests.bench --only logins` does the same with 1,000 and also without a proxy."""
    began = time.monotonic()
    statuses = Guesser(named_stack.url).guess_many(ATTEMPTS, "203.0.113.9")
    minutes = int((time.monotonic() - began) // 60) + 1

    assert set(statuses) - BUSY == {200, 429}
    assert 1 <= statuses[200] <= A_MINUTE * minutes


def test_while_redis_hangs_requests_are_answered_and_limits_hold(named_stack: Stack) -> None:
    guesser = Guesser(named_stack.url)
    for each in named_stack.processes("valkey"):
        each.suspend()
    try:
        statuses = guesser.guess_many(40, "203.0.113.77")
    finally:
        for each in named_stack.processes("valkey"):
            each.resume()

    assert set(statuses) - BUSY == {200, 429}
    assert 1 <= statuses[200] <= 2 * A_MINUTE
