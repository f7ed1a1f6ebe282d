"""The circuit breaker in front of the broker: a dead broker slows nobody down."""

from tenants.outbound.breaker import BREAKER_SECONDS, Breaker


class Clock:
    """A clock that tests advance."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_after_a_failure_one_in_five_seconds_tries() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    assert breaker.lets_through()
    breaker.report(worked=False)
    assert [breaker.lets_through() for _ in range(3)] == [False] * 3
    clock.now += BREAKER_SECONDS
    assert [breaker.lets_through() for _ in range(3)] == [True, False, False]


def test_a_success_lets_everyone_through_again() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    breaker.report(worked=False)
    clock.now += BREAKER_SECONDS
    assert breaker.lets_through()
    breaker.report(worked=True)
    assert [breaker.lets_through() for _ in range(3)] == [True] * 3
