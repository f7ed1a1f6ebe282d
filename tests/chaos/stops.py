"""Stops of the worker while many calls are under way: SIGTERM waits for them, SIGQUIT gives them up."""

import signal
import threading
import time
from dataclasses import dataclass

import psutil
import psycopg

from tests.chaos.people import Rush
from tests.chaos.weather import Weather
from tests.stack import Stack

SIGNALS = (signal.SIGTERM, signal.SIGQUIT)
CALLS = 50
"""Under way at least when the worker is stopped."""
QUESTIONS = 60
BEGUN_WITHIN = 25.0
ENDS_WITHIN = 150.0
STARTED = "SELECT count(*) AS number FROM agents_llmcall WHERE state = 'started'"
ASSUMED = "SELECT count(*) AS number FROM agents_llmcall WHERE state = 'assumed'"


@dataclass(frozen=True)
class Stop:
    """One stop: how many calls were under way, how many were given up, and after how many seconds it was over."""

    signal: str
    calls: int
    assumed: int
    seconds: float

    @property
    def counts(self) -> bool:
        """Were there enough calls?"""
        return self.calls >= CALLS

    def cells(self) -> list[str]:
        return [self.signal, str(self.calls), str(self.assumed), f"{self.seconds:.1f} s"]


HEAD = ("calls under way", "given up", "seconds until it ended")


TAKE_SECONDS = 30.0
"""How long a stop and what comes before take, about: the kills wait for it."""


def stop_the_worker(rush: Rush, weather: Weather, seconds: float, stop: threading.Event) -> list[Stop]:
    """Stop the worker once by each signal, spread over the time, while nothing is killed."""
    begun, made = time.monotonic(), []
    for number, each in enumerate(SIGNALS, start=1):
        due = number * seconds / (len(SIGNALS) + 1)
        if stop.wait(max(0.0, begun + due - time.monotonic())):
            break
        with weather.alone:
            made.append(_stop(rush, weather, each, stop))
    return made


def _stop(rush: Rush, weather: Weather, number: signal.Signals, stop: threading.Event) -> Stop:
    stack = weather.stack
    rush.ask(QUESTIONS)
    calls, deadline = 0, time.monotonic() + BEGUN_WITHIN
    while (calls := _number(stack, STARTED)) < CALLS and time.monotonic() < deadline:
        stop.wait(0.2)
    assumed, begun = _number(stack, ASSUMED), time.monotonic()
    workers = [each for each in stack.processes("celery") if "worker" in each.cmdline()]
    for worker in workers:
        worker.send_signal(number)
    psutil.wait_procs(workers, timeout=ENDS_WITHIN)
    weather.last_kill = time.monotonic()
    weather.wait_for("worker", stop)
    return Stop(number.name, calls, _number(stack, ASSUMED) - assumed, weather.last_kill - begun)


def _number(stack: Stack, statement: str) -> int:
    """0 while Postgres is away."""
    try:
        return int(stack.query(statement)[0]["number"])
    except psycopg.OperationalError:
        return 0
