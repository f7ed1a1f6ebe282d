"""Offices on other channels than Slack, which people in the storm use as they use a Slack office.

Each says what was posted in the same words: `ts` orders posts, and the delivery's id names what was sent.
"""

import hashlib
import html
import json
import secrets
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.flow.office import INSTRUCTIONS, Office, api_of
from tests.stack import Stack

Row = dict[str, Any]
TRIES_SECONDS = 60.0


@dataclass(frozen=True)
class Phones(Office):
    """People on their phones; `team` is the phone number id. Each conversation is a person's own."""

    people: dict[str, str] = field(default_factory=dict)
    """By the id of their first message."""

    def says(self, text: str, *, channel: str = "", user: str = "", **more: Any) -> Row:
        return self._say(self.people[more["thread_ts"]], text)

    def mentions(self, text: str, *, user: str = "", **more: Any) -> Row:
        person = self.stack.control("whatsapp/control/people", name=secrets.token_hex(4))["key"]
        said = self._say(person, text)
        self.people[said["ts"]] = person
        return said

    def heard(self, channel: str = "", user: str = "") -> list[Row]:
        found = self.stack.look("whatsapp/control/messages", number=self.team)["messages"]
        return [
            _post(each["at"], each["body"]["text"]["body"], each["opaque"])
            for each in found
            if not each["is_from_person"]
        ]

    def stored_as(self, payload: Row) -> str:
        return str(payload["message"]["id"])

    def redeliver(self, said: Row) -> None:
        found = self.stack.look("whatsapp/control/webhooks", number=self.team)["webhooks"]
        for each in found:
            if said["ts"] in json.dumps(each["payload"]):
                self.stack.control(f"whatsapp/control/webhooks/{each['id']}/redeliver", times=2)

    def attempts(self, ts: str) -> list[int | str]:
        found = self.stack.look("whatsapp/control/webhooks", number=self.team)["webhooks"]
        return [f"{each['tries']} tries, {each['last']}" for each in found if ts in json.dumps(each["payload"])]

    def is_told(self) -> bool:
        found = self.stack.look("whatsapp/control/webhooks", number=self.team)["webhooks"]
        return all(each["finished"] for each in found)

    def _say(self, person: str, text: str) -> Row:
        said = self.stack.control("whatsapp/control/messages", number=self.team, person=person, text=text)
        return {"ts": said["id"], "channel": self.team, "events": []}


@dataclass(frozen=True)
class Chat(Office):
    """Visitors of a web chat; `team` is its connection. Each has a cookie, and sends again what was not taken."""

    visitors: dict[str, str] = field(default_factory=dict)
    """Cookies by the id of their first message."""

    def says(self, text: str, *, channel: str = "", user: str = "", **more: Any) -> Row:
        return self._say(self.visitors[more["thread_ts"]], text)

    def mentions(self, text: str, *, user: str = "", **more: Any) -> Row:
        cookie = secrets.token_urlsafe(24)
        said = self._say(cookie, text)
        self.visitors[said["ts"]] = cookie
        return said

    def heard(self, channel: str = "", user: str = "") -> list[Row]:
        """What was delivered and is on its visitor's page, as often as it is there."""
        pages = {self._known_as(cookie): self._page(cookie) for cookie in self.visitors.values()}
        said: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.rows("channels_delivery"):
            if row["state"] == "sent":
                said[row["address"]["visitor"], row["text"]].append(row)
        return [
            _post(row["sent_at"].timestamp(), text, str(row["id"]))
            for (visitor, text), rows in said.items()
            for row, times in zip(rows, _shares(_shown(pages[visitor], text), len(rows)), strict=True)
            for _ in range(times)
        ]

    def stored_as(self, payload: Row) -> str:
        return str(payload["id"])

    def redeliver(self, said: Row) -> None:
        """The browser sends the form twice."""
        self._send(said["cookie"], said["ts"], said["text"])

    def attempts(self, ts: str) -> list[int | str]:
        return ["a web chat has no events"]

    def is_told(self) -> bool:
        return True

    def _say(self, cookie: str, text: str) -> Row:
        said = str(uuid4())
        self._send(cookie, said, text)
        return {"ts": said, "channel": self.team, "events": [], "cookie": cookie, "text": text}

    def _send(self, cookie: str, said: str, text: str) -> None:
        """Until it is taken: the web process may be gone for a moment."""
        deadline = time.monotonic() + TRIES_SECONDS
        while True:
            try:
                answer = httpx.post(
                    f"{self.stack.url}/chat/{self.team}/",
                    data={"id": said, "text": text},
                    headers={"Cookie": f"visitor={cookie}"},
                    timeout=15,
                )
                if answer.status_code < 400:
                    return
            except httpx.HTTPError:
                pass
            assert time.monotonic() < deadline, f"the web chat took nothing for {TRIES_SECONDS:.0f} s"
            time.sleep(0.5)

    def _known_as(self, cookie: str) -> str:
        """The visitor's id, as channels/providers/hosting.py makes it; this process has no Django."""
        return hashlib.sha256(f"{self.team}:{cookie}".encode()).hexdigest()[:32]

    def _page(self, cookie: str) -> str:
        url = f"{self.stack.url}/chat/{self.team}/talk/"
        return httpx.get(url, headers={"Cookie": f"visitor={cookie}"}, timeout=30).text


LONG = 400
"""Longer answers are shown in paragraphs; such are the planned exact ones."""


def _shown(page: str, text: str) -> int:
    """How often a page has an answer."""
    return 1 if len(text) > LONG else page.count(html.escape(text.split("\n", maxsplit=1)[0]))


def _shares(times: int, number: int) -> list[int]:
    """Several answers with the same words, which are on the page so many times: one each, the first has the rest."""
    each, rest = divmod(times, number)
    return [each + rest, *[each] * (number - 1)]


def _post(at: float, text: str, delivery_id: str) -> Row:
    return {"ts": str(at), "text": text, "metadata": {"event_payload": {"delivery_id": delivery_id}}}


def _hired(stack: Stack) -> tuple[str, httpx.Client]:
    slug, api = api_of(stack)
    profile = {"name": "Maya", "job_title": "Customer support", "instructions": INSTRUCTIONS}
    assert api.post("agents/", json=profile).status_code == 201
    return slug, api


def open_phones(stack: Stack) -> Phones:
    """A tenant with an AI employee and a number of the sandbox WhatsApp."""
    slug, api = _hired(stack)
    number = stack.control("whatsapp/control/numbers", name=slug)
    values = {name: number[name] for name in ("app_secret", "account_id")}
    values |= {"access_token": number["tokens"]["permanent"], "phone_number_id": number["phone_id"], "pin": ""}
    made = api.post("channels/whatsapp", json=values)
    assert made.status_code == 201, made.text
    return Phones(stack, slug, api, number["phone_id"], "")


def open_chat(stack: Stack) -> Chat:
    """A tenant with an AI employee and a web chat."""
    slug, api = _hired(stack)
    made = api.post("channels/webchat", json={})
    assert made.status_code == 201, made.text
    return Chat(stack, slug, api, made.json()["id"], "")
