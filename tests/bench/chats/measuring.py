"""500 open web chats: what a portal page takes meanwhile, and whether answers still come."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.chats.visitors import Visitor
from tests.bench.client import open_loop
from tests.bench.figures import Spread, cpu_seconds
from tests.bench.messages.sending import busy_stack
from tests.stack import Stack

OPEN = 500
MESSAGES, MESSAGE_SECONDS = 300, 0.1
PAGES, PAGE_SECONDS = 100, 0.3
LLM_SECONDS = 1.0
ASKED = "Who+are+you,+and+what+can+you+help+me+with%3F"

SET_UP = """
import json
from dataclasses import replace
from uuid import uuid4
from django.conf import settings
from django.test import Client
from agents.employees import hiring
from agents.models import Agent
from channels.connections.connect import connect
from channels.providers.registry import provider_named
from tenants.models import User
from tenants.scope import tenant_scope
from tenants.team import workspaces

owner = User.objects.create_user("owner@bench.example", "correct horse battery")
tenant = workspaces.create("Bench", owner, slug="bench")
with tenant_scope(tenant.id):
    hiring.hire(Agent(name="Maya", job_title="Sales", instructions="Our shop opens at 9 and closes at 18."))
    made = uuid4()
    connect(replace(provider_named("webchat").form.install({}, made, lambda *_account: None), connection_id=made))
client = Client()
client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
print(json.dumps({"chat": str(made), "session": client.cookies[settings.SESSION_COOKIE_NAME].value}))
"""


@dataclass(frozen=True)
class Found:
    """A portal page with no chat open, with 500 that are quiet, and with 500 of which some are answered."""

    alone: Spread
    quiet: Spread
    busy: Spread
    opened: int
    answers: Spread
    per_second: float
    drafts: int
    web_mb: tuple[float, float]
    cpu_ms: Mapping[str, float]
    """For each answer, by process."""


def measure() -> Found:
    """Start a product, and measure it in three phases."""
    one_address = {"CHAT_ADDRESS_MESSAGES_PER_MINUTE": "1000000", "CHAT_OPEN_PAGES_PER_ADDRESS": "1000"}
    with busy_stack(LLM_SECONDS, **one_address) as stack:
        made = _set_up(stack)
        page = _page(stack, made["session"])
        _timed(stack, page)  # caches, pools
        alone, before = _timed(stack, page), _memory(stack)
        return asyncio.run(_with_open_chats(stack, made["chat"], page, alone, before))


async def _with_open_chats(stack: Stack, chat: str, page: bytes, alone: Spread, before: float) -> Found:
    visitors = [Visitor(stack.port, f"/chat/{chat}/") for _ in range(OPEN)]
    streams = []
    for visitor in visitors:
        streams.append(asyncio.ensure_future(visitor.open()))
        await asyncio.sleep(0.01)
    await asyncio.sleep(5)
    opened, after = sum(visitor.is_open for visitor in visitors), _memory(stack)
    quiet = await asyncio.to_thread(_timed, stack, page)
    spent = _spent(stack)
    writing = asyncio.ensure_future(_write(visitors))
    await asyncio.sleep(2)
    busy = await asyncio.to_thread(_timed, stack, page)
    seconds = await writing
    answers = [each for visitor in visitors for each in visitor.answered]
    for stream in streams:
        stream.cancel()
    now = _spent(stack)
    cpu = {name: (now[name] - spent[name]) * 1000 / max(len(answers), 1) for name in now}
    drafts = sum(visitor.drafts for visitor in visitors)
    return Found(alone, quiet, busy, opened, Spread(answers), len(answers) / seconds, drafts, (before, after), cpu)


async def _write(visitors: Sequence[Visitor]) -> float:
    """One message every 100 ms, each of another visitor; the seconds until the last one is answered."""
    begun = time.perf_counter()
    sending = []
    for number in range(MESSAGES):
        await asyncio.sleep(max(0.0, begun + number * MESSAGE_SECONDS - time.perf_counter()))
        sending.append(asyncio.ensure_future(visitors[number % len(visitors)].write(ASKED)))
    while sum(len(visitor.answered) for visitor in visitors) < MESSAGES and time.perf_counter() - begun < 90:
        await asyncio.sleep(0.1)
    seconds = time.perf_counter() - begun
    for each in sending:
        each.cancel()
    return seconds


def _timed(stack: Stack, page: bytes) -> Spread:
    burst = open_loop(stack.port, [page] * PAGES, 8, PAGE_SECONDS)
    assert burst.refused == 0, burst.statuses
    return Spread(burst.seconds)


def _page(stack: Stack, session: str) -> bytes:
    host = f"Host: 127.0.0.1:{stack.port}\r\nCookie: sessionid={session}\r\n"
    return f"GET /t/bench/conversations/ HTTP/1.1\r\n{host}\r\n".encode()


def _spent(stack: Stack) -> dict[str, float]:
    """CPU seconds so far; the client is this process."""
    words = {"web": "granian", "worker": "celery", "sandbox": "sandbox", "postgres": "postgres", "redis": "valkey"}
    return {**{name: cpu_seconds(stack, word) for name, word in words.items()}, "client": time.process_time()}


def _memory(stack: Stack) -> float:
    return sum(float(each.memory_info().rss) for each in stack.processes("granian")) / 1e6


def _set_up(stack: Stack) -> dict[str, Any]:
    printed = stack.manage("shell", "-v", "0", "-c", SET_UP)
    found: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
    return found
