"""Meta's Graph API as a process of its own would be: over HTTP, it notes what it is asked and answers as told."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import werkzeug.serving
from werkzeug.wrappers import Request, Response

SENT = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "16505551234", "wa_id": "16505551234"}],
    "messages": [{"id": "wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI1RjQyNUE3NEYxMzAzMzQ5MkEA"}],
}
"""The answer to a message, from Meta's OpenAPI description."""


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    token: str
    body: Any


@dataclass
class Graph:
    """answers: what comes next, each a status and a body; without any, a message is taken. hangs: seconds.

    tries_address: it asks at the address that it is told, as Meta does, before it says yes.
    """

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: list[tuple[int, Any]] = field(default_factory=list)
    hangs: float = 0
    tries_address: bool = False
    marked: list[Asked] = field(default_factory=list)
    """Marks that a message was read, which are always taken and are not among `asked`."""
    proven: list[int] = field(default_factory=list)
    """The statuses with which addresses answered that Meta was told."""

    def fails(self, code: int, status: int = 400, details: str = "Because.") -> None:
        """The next answer is this error."""
        error = {"message": f"(#{code}) Something", "type": "OAuthException", "code": code, "fbtrace_id": "AXsgnV2C"}
        self.answers.append((status, {"error": {**error, "error_data": {"details": details}}}))

    def _try(self, told: dict[str, str]) -> None:
        query = {"hub.mode": "subscribe", "hub.verify_token": told["verify_token"], "hub.challenge": "42"}
        answer = httpx.get(told["override_callback_uri"], params=query)
        self.proven.append(answer.status_code if answer.text == "42" else 0)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        body = request.get_json(silent=True)
        asked = Asked(request.method, request.path, request.args.to_dict(), token, body)
        if isinstance(body, dict) and body.get("status") == "read":
            self.marked.append(asked)
            return Response('{"success": true}', content_type="application/json")(environ, start_response)
        self.asked.append(asked)
        time.sleep(self.hangs)
        if self.tries_address and body and "webhook_configuration" in body:
            self._try(body["webhook_configuration"])
        status, said = self.answers.pop(0) if self.answers else (200, SENT)
        text = said if isinstance(said, bytes) else json.dumps(said)
        return Response(text, status, content_type="application/json")(environ, start_response)


@contextmanager
def graph() -> Iterator[Graph]:
    """Serve it."""
    made = Graph()
    server = werkzeug.serving.make_server("127.0.0.1", 0, made, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.01,)).start()  # looks so often whether it is over
    made.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield made
    finally:
        server.shutdown()
