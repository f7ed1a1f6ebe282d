"""The statements of each of the portal's pages."""

import json
import re
from collections.abc import Iterator

import httpx

from tests.bench.statements.reading import Recording, counted, without
from tests.flow.office import Office, open_office

PATTERNS = (
    "import json; from config.urls import workspace; print(json.dumps([str(each.pattern) for each in workspace]))"
)
LOG_IN = """
from django.conf import settings
from django.test import Client
from tenants.models import User
client = Client()
client.force_login(User.objects.get(email={email!r}), backend="allauth.account.auth_backends.AuthenticationBackend")
print(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)
"""
ID = re.compile(r"[0-9a-f-]{36}")
ARGUMENT = re.compile(r"<\w+:(\w+)>")


def measure(recording: Recording) -> dict[str, int]:
    """How many statements each page takes, by its path in the workspace; the most first."""
    stack = recording.stack
    office = open_office(stack)
    office.reply_to(office.mentions("When do you open?")["ts"])
    name, value = stack.manage("shell", "-v", "0", "-c", LOG_IN.format(email=f"owner@{office.slug}.example")).split()
    client = httpx.Client(base_url=f"{stack.url}/t/{office.slug}/", cookies={name: value}, timeout=30)
    recording.settle()
    with without(stack, "beat", "worker"):
        found = {path: _count(recording, client, path) for path in _paths(office)}
    shown = {path: number for path, number in found.items() if number is not None}
    return dict(sorted(shown.items(), key=lambda item: -item[1]))


def _paths(office: Office) -> Iterator[str]:
    """The paths of all pages whose arguments have a value here."""
    known = {
        "agent_id": office.rows("agents_agent")[0]["id"],
        "conversation_id": office.rows("agents_conversation")[0]["id"],
        "connection_id": office.rows("channels_connection")[0]["id"],
    }
    for pattern in json.loads(office.stack.manage("shell", "-v", "0", "-c", PATTERNS)):
        names = ARGUMENT.findall(pattern)
        if all(name in known for name in names):
            yield ARGUMENT.sub(lambda match: str(known[match[1]]), pattern)


def _count(recording: Recording, client: httpx.Client, path: str) -> int | None:
    """The statements of the second visit; None if it is no page, such as an address that only takes POST."""
    if client.get(path).status_code != 200:
        return None
    recording.start_over()
    answer = client.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return counted(recording.taken())


def rows(found: dict[str, int]) -> list[list[str]]:
    """The table's rows."""
    return [[f"/t/…/{ID.sub('…', path)}", str(number)] for path, number in found.items()]
