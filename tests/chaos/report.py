"""What happened to every message, judged by what people see; Roster's rows only explain why."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.chaos.lines import Phones
from tests.chaos.people import Said
from tests.flow.office import Office

Row = dict[str, Any]


@dataclass
class Report:
    """Counts, and one line per finding that names the message."""

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def find(self, kind: str, what: str) -> None:
        self.counts[kind] += 1
        self.findings.append(f"{kind}: {what}")


@dataclass(frozen=True)
class Books:
    """One office's data in Slack and in Roster."""

    office: Office
    channel: str

    @cached_property
    def posts(self) -> list[Row]:
        """The bot's posts, oldest first."""
        return sorted(self.office.heard(self.channel), key=lambda post: float(post["ts"]))

    @cached_property
    def events(self) -> dict[str, Row]:
        """Messages that Roster stored, by ts; ignored ones, such as a message's duplicate event, have no text."""
        rows = [row for row in self.office.rows("channels_inboxevent") if row["payload"]]
        return {self.office.stored_as(json.loads(row["payload"])): row for row in rows}

    @cached_property
    def deliveries(self) -> dict[str, Row]:
        return {str(row["id"]): row for row in self.office.rows("channels_delivery")}

    @cached_property
    def runs(self) -> dict[object, object]:
        """The run of each turn."""
        return {row["id"]: row["run_id"] for row in self.office.rows("agents_turn")}

    def deliveries_of_run(self, run_id: object) -> list[Row]:
        return [row for row in self.deliveries.values() if run_id and self.runs[row["turn_id"]] == run_id]

    def attempts(self, ts: str) -> list[int | str]:
        """The result of each attempt to deliver it to Roster: a status, or why there was none."""
        return self.office.attempts(ts)

    @property
    def in_doubt(self) -> set[object]:
        """The runs whose answer may have arrived: nobody can be asked, so it is shown as unclear and not sent again."""
        rows = self.deliveries.values() if isinstance(self.office, Phones) else ()
        return {self.runs[row["turn_id"]] for row in rows if row["state"] == "unknown"}

    def posts_of_run(self, run_id: object) -> list[Row]:
        ids = {str(row["id"]) for row in self.deliveries_of_run(run_id)}
        return [post for post in self.posts if delivery_id(post) in ids]


def delivery_id(post: Row) -> str:
    return str(post.get("metadata", {}).get("event_payload", {}).get("delivery_id", ""))


def check(said: Sequence[Said]) -> Report:
    """Check every message that was sent."""
    found = Report()
    by_office: dict[str, list[Said]] = defaultdict(list)
    for each in said:
        by_office[each.office.slug].append(each)
    for messages in by_office.values():
        books = Books(messages[0].office, messages[0].channel)
        _judge_posts(found, books)
        for message in messages:
            _judge(found, books, message)
        for thread in _threads(messages):
            _judge_order(found, books, thread)
    return found


def _judge_posts(found: Report, books: Books) -> None:
    """No delivery is in Slack twice; none is left open."""
    found.counts["posts"] += len(books.posts)
    for id_, times in Counter(map(delivery_id, books.posts)).items():
        if times > 1:
            found.find("duplicated", f"{books.office.slug}: delivery {id_} is in Slack {times} times")
    for id_, row in books.deliveries.items():
        if row["state"] != "sent" and not (row["state"] == "unknown" and isinstance(books.office, Phones)):
            found.find(f"delivery {row['state']}", f"{books.office.slug}: {id_}, {row['error']}")


def _judge(found: Report, books: Books, message: Said) -> None:
    quoting = [post for post in books.posts if message.word in post["text"]]
    event = books.events.get(message.ts)
    if len(quoting) > 1 and len({delivery_id(post) for post in quoting}) > 1:
        found.find("duplicated", f"{_name(message)} is answered by {len(quoting)} posts")
    if quoting:
        found.counts["answered"] += 1
    elif event and event["state"] == "failed" and books.posts_of_run(event["run_id"]):
        found.find("apology", f"{_name(message)}: {event['reason']}")
        found.reasons[json.dumps(event["reason"])[:100]] += 1
    elif event and event["state"] == "done" and any(_is_planned(post) for post in books.posts_of_run(event["run_id"])):
        found.counts["answered with a planned exact answer"] += 1
    elif event and event["run_id"] in books.in_doubt:
        found.counts["unclear, and shown so"] += 1
    else:
        found.find("lost", f"{_name(message)}: {_why(books, message, event)}")


def _is_planned(post: Row) -> bool:
    """Whether a post is one of the planned exact answers: it quotes no word but still counts as an answer."""
    return any(sign in post["text"] for sign in ("We open at", "I can't help with that.", "xxxxxxxx"))


def _why(books: Books, message: Said, event: Row | None) -> str:
    if event is None:
        return f"Roster never stored it; the attempts ended with {books.attempts(message.ts)}"
    if event["state"] != "done":
        return f"its event is {event['state']} {event['reason']}".strip()
    texts = [post["text"] for post in books.posts_of_run(event["run_id"])]
    return f"its event is done, but the reply says {texts!r}"


def _name(message: Said) -> str:
    return f"{message.word} ({message.office.slug}, ts {message.ts}, thread {message.thread_ts})"


def _threads(messages: Iterable[Said]) -> Iterator[list[Said]]:
    threads: dict[str, list[Said]] = defaultdict(list)
    for message in messages:
        threads[message.thread_ts].append(message)
    yield from threads.values()


def _judge_order(found: Report, books: Books, thread: Sequence[Said]) -> None:
    """A message is out of order if a later one in its thread was answered first."""
    first_post = {
        message.ts: min((float(post["ts"]) for post in books.posts if message.word in post["text"]), default=None)
        for message in thread
    }
    for position, message in enumerate(thread):
        posted = first_post[message.ts]
        overtaking = [each for each in thread[position + 1 :] if (first_post[each.ts] or posted or 0) < (posted or 0)]
        if overtaking:
            cause = _why_late(books, message, overtaking)
            found.find(f"out of order, {cause}", f"{_name(message)} after {overtaking[0].word}")


def _why_late(books: Books, message: Said, overtaking: Sequence[Said]) -> str:
    """Why it was late: Slack delivered it late (a retry after an outage), or its delivery was unknown for too long."""
    event, others = books.events[message.ts], [books.events[each.ts] for each in overtaking]
    if event["received_at"] > min(other["received_at"] for other in others):
        return "Slack delivered it later"
    if any(row["attempt"] > 1 for row in books.deliveries_of_run(event["run_id"])):
        return "its delivery was unknown"
    return "unexplained"
