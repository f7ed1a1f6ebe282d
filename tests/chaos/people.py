"""People who write, each in one conversation and in order. Every message has a word that its answer quotes."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.flow.office import Office

QUICKLY = 0.3
"""The share of messages sent immediately, while the previous one is still being answered."""
AT_ONCE_SECONDS = 0.2
REDELIVERED = 0.1


@dataclass(frozen=True)
class Said:
    """One message: its word, its time (Slack's ts), and the thread's first ts."""

    office: Office
    channel: str
    thread_ts: str
    ts: str
    word: str


@dataclass
class Person:
    """Writes `messages` messages in one thread over about `seconds` seconds. wish: what the LLM is to do with each."""

    office: Office
    name: str
    messages: int
    seconds: float
    chance: random.Random
    said: list[Said] = field(default_factory=list)
    redelivered: int = 0
    wish: str = ""

    def talk(self, stop: threading.Event) -> None:
        """Write until all messages are sent or `stop` is set."""
        begun = time.monotonic()
        for number, due in enumerate(self._times()):
            if stop.wait(max(0.0, begun + due - time.monotonic())):
                return
            self._say(f"{self.name}m{number}w")

    def _times(self) -> list[float]:
        times = sorted(self.chance.uniform(0, self.seconds) for _ in range(self.messages))
        for position in range(1, len(times)):
            if self.chance.random() < QUICKLY:
                times[position] = times[position - 1] + AT_ONCE_SECONDS
        return sorted(times)

    def _say(self, word: str) -> None:
        text = f"{self.wish} Note {word}.".strip()
        told = self.office.says(text, thread_ts=self.said[0].ts) if self.said else self.office.mentions(text)
        first = self.said[0].ts if self.said else told["ts"]
        self.said.append(Said(self.office, told["channel"], first, told["ts"], word))
        if self.chance.random() < REDELIVERED:
            self.redelivered += 1
            self.office.redeliver(told)


@dataclass
class Rush:
    """Many people who each ask one question at the same moment, all of which take the LLM `seconds` seconds."""

    office: Office
    seconds: float
    said: list[Said] = field(default_factory=list)
    redelivered: int = 0

    def ask(self, number: int) -> None:
        """That many questions, each in a thread of its own."""
        for _ in range(number):
            word = f"rush{len(self.said)}w"
            told = self.office.mentions(f"{slowly(self.seconds)} Note {word}.")
            self.said.append(Said(self.office, told["channel"], told["ts"], told["ts"], word))


def slowly(seconds: float) -> str:
    """What a message says so that the LLM takes so long for its answer."""
    return f"[sandbox:slow={seconds:g}]"


def crowd(
    offices: Sequence[Office], threads: int, messages: int, seconds: float, chance: random.Random
) -> list[Person]:
    """That many threads per office, sharing the messages evenly."""
    places = [(number, office) for number, office in enumerate(offices) for _ in range(threads)]
    share, rest = divmod(messages, len(places))
    return [
        Person(office, f"o{number}t{each}", share + (each < rest), seconds, random.Random(chance.random()))
        for each, (number, office) in enumerate(places)
    ]
