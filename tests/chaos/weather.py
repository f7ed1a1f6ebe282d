"""What breaks: LLM and Slack faults at given rates, and processes killed at random moments."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import psutil

from tests.pipeline.shapes import LOST, NOT_WHOLE, OUTAGES, READABLE, UNREADABLE, Json, openai, said
from tests.stack import Stack

BAD_ANSWERS: dict[str, Json] = {
    "no choice": {"body": UNREADABLE["no choice"][0]},
    "a list": {"body": UNREADABLE["a list"][0]},
    "an error inside of a 200": {"body": UNREADABLE["an error inside of a 200"][0]},
    "only thoughts": {"body": UNREADABLE["only thoughts"][0]},
    "cut": {"body": NOT_WHOLE["cut"][0]},
    "refused": {"body": NOT_WHOLE["refused"][0]},
    "absurd usage": {"body": openai(usage={"prompt_tokens": 10**15, "completion_tokens": -1})},
    "no usage": {"body": openai(usage=None)},
    "a million characters": {"body": said("x" * 10**6, id="y" * 10**6)},
    "NULs": {"body": READABLE["NULs in the text"]},
    "a custom tool call": {"body": READABLE["a custom tool call beside the text"]},
    "a page with 200": OUTAGES["a page with 200"],
    "HTTP 498": OUTAGES["HTTP 498"],
    "half of a JSON": LOST["half of a JSON"],
    "a body that breaks off": LOST["a body that breaks off"],
    "a body that stalls": {"body": openai(), "hang_after": 60},
    "a prompt too long": {
        "status": 400, "body": '{"error": {"message": "x", "code": "context_length_exceeded"}}',
    },
}  # fmt: skip
"""Exact answers, including malformed, cut and hanging ones. None quotes the question."""

LLM_RATE = 0.08
LLM_KINDS = ("429", "500", "503", "cut", "garbage", "hang", *(f"raw: {name}" for name in BAD_ANSWERS))
POST_RATES = (("429", 0.015), ("503", 0.015), ("drop", 0.02), ("hang", 0.0025), ("drop_hang", 0.0025))
POST = "chat.postMessage"
PHONE_RATES = (("429", 0.015), ("error", 0.015), ("drop", 0.02), ("drop_hang", 0.0025), ("503", 0.01))
"""error: too many messages to one person. What is dropped was carried out, and a status says so; after a 503 nobody
knows, so it stays unclear."""
TOO_MANY = 131056
SLOW_POST_SECONDS = 6.0
"""How long each post of one workspace takes. Our Slack client waits longer."""
LLM_HANG_SECONDS = 8.0
POST_HANG_SECONDS = 15.0
"""Longer than our Slack client waits."""
FAULTY = 0.7
"""The part of the time in which faults are planned."""
RESTART_SECONDS = 10.0
STILL_SECONDS = 1.0
"""Whoever waited longer than this for a stop goes on with the time that is left."""
KILLS = (("worker", 5), ("valkey", 2), ("postgres", 1), ("web", 2), ("beat", 1))
COMMANDS = {
    "worker": ("celery", "worker"),
    "beat": ("celery", "beat"),
    "valkey": ("valkey-server", ""),
    "postgres": ("cluster", ""),
    "web": ("granian", "granian"),
}
"""For each kind of process, a word in its command line and one complete argument."""


@dataclass
class Weather:
    """Everything that goes wrong within that many seconds, from its own seed."""

    stack: Stack
    chance: random.Random
    teams: Sequence[str]
    """Whose posts fail, in turn."""
    phones: Sequence[str] = ()
    """The same of WhatsApp numbers."""
    planned: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    last_kill: float = field(default_factory=time.monotonic)
    """By the monotonic clock; the beginning, before anything is killed or stopped."""
    alone: threading.Lock = field(default_factory=threading.Lock)
    """Held while something is killed or stopped."""

    def plan_faults(self, calls: int, seconds: float, stop: threading.Event) -> None:
        """Plan one fault for the next call at each moment when, at this rate, one of evenly spaced calls would fail.

        None in the last part of the time, so that what follows the last kill is the work of the kills.
        """
        plans = [("openai", kind) for kind in self._llm_faults(calls)]
        plans += [("slack", kind) for kind, rate in POST_RATES for _ in range(self._times(calls, rate))]
        plans += [("whatsapp", kind) for kind, rate in PHONE_RATES for _ in range(self._times(calls, rate))]
        moments = sorted((self.chance.uniform(0, FAULTY * seconds), *plan) for plan in plans)
        for peer, kind in _at_their_moments(moments, stop):
            self._plan(peer, kind)

    def slow_posts(self, team: str) -> None:
        """From now on Slack takes its time for each post of this team; two get no answer at all, one of them posted."""
        for kind, seconds, times in (
            ("hang", POST_HANG_SECONDS, 1), ("drop_hang", POST_HANG_SECONDS, 1), ("slow", SLOW_POST_SECONDS, 10**6),
        ):  # fmt: skip
            self.planned[f"slack {kind}, of one team"] += min(times, 1)
            fault = {"kind": kind, "seconds": seconds, "times": times, "account": team}
            self.stack.control("slack/control/faults", method=POST, **fault)

    def kill_processes(self, seconds: float, stop: threading.Event) -> None:
        """Kill -9 each kind of process as often as KILLS says, except in the first and last tenth of the time.

        The time stands still while the worker is stopped.
        """
        victims = [name for name, times in KILLS for _ in range(times)]
        moments = sorted((self.chance.uniform(0.1, 0.9) * seconds, name) for name in victims)
        waited, begun = 0.0, time.monotonic()
        for due, name in moments:
            while not stop.wait(max(0.0, begun + due + waited - time.monotonic())):
                asked = time.monotonic()
                with self.alone:
                    waited += (late := time.monotonic() - asked)
                    if late < STILL_SECONDS:
                        self.wait_for(name, stop)
                        self.killed[name] += self._kill(name)
                        break

    def wait_for(self, name: str, stop: threading.Event) -> None:
        """Wait until it runs, at most RESTART_SECONDS: it may still be restarting after the previous kill."""
        deadline = time.monotonic() + RESTART_SECONDS
        while not self._running(name) and time.monotonic() < deadline and not stop.wait(0.2):
            pass

    def _running(self, name: str) -> list[psutil.Process]:
        word, argument = COMMANDS[name]
        return [each for each in self.stack.processes(word) if not argument or argument in each.cmdline()]

    def _llm_faults(self, calls: int) -> list[str]:
        """Evenly distributed: no kind comes twice before each has come once."""
        rounds = -(-self._times(calls, LLM_RATE) // len(LLM_KINDS))
        kinds = [kind for _ in range(rounds) for kind in self.chance.sample(LLM_KINDS, len(LLM_KINDS))]
        return kinds[: self._times(calls, LLM_RATE)]

    def _times(self, calls: int, rate: float) -> int:
        """How many of that many calls fail at this rate; the fraction is decided at random."""
        whole, fraction = divmod(calls * rate, 1)
        return int(whole) + (self.chance.random() < fraction)

    def _plan(self, peer: str, kind: str) -> None:
        self.planned[f"{peer} {kind}"] += 1
        if peer == "openai":
            kind, _, name = kind.partition(": ")
            raw = BAD_ANSWERS.get(name, {})
            self.stack.control("openai/control/faults", kind=kind, times=1, seconds=LLM_HANG_SECONDS, **raw)
            return
        if peer == "whatsapp":
            if self.phones:
                self._plan_phone(kind)
            return
        team = self.teams[self.planned.total() % len(self.teams)]
        fault = {"kind": kind, "times": 1, "seconds": 1 if kind == "429" else POST_HANG_SECONDS, "account": team}
        self.stack.control("slack/control/faults", method=POST, **fault)

    def _plan_phone(self, kind: str) -> None:
        phone = self.phones[self.planned.total() % len(self.phones)]
        seconds = 1 if kind == "429" else POST_HANG_SECONDS
        fault = {"kind": kind, "times": 1, "seconds": seconds, "account": phone, "answer": TOO_MANY}
        self.stack.control("whatsapp/control/faults", method="messages", **fault)

    def _kill(self, name: str) -> int:
        """1 if it was running."""
        victims = self._running(name)
        for each in victims:
            each.kill()
        psutil.wait_procs(victims, timeout=10)
        if victims:
            self.last_kill = time.monotonic()
        return int(bool(victims))


def _at_their_moments(moments: list[tuple[float, str, str]], stop: threading.Event) -> Iterator[tuple[str, str]]:
    """Yield each item at its time, until `stop` is set."""
    begun = time.monotonic()
    for due, *what in moments:
        if stop.wait(max(0.0, begun + due - time.monotonic())):
            return
        yield what[0], what[1]
