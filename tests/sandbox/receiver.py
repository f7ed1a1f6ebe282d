"""A small web server that receives events as an app would and answers as the test says."""

from __future__ import annotations

import json
import queue
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request: the raw body and the headers, names in lower case."""

    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> dict[str, Any]:
        """The parsed body."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def event(self) -> dict[str, Any]:
        """The inner event."""
        inner: dict[str, Any] = self.json["event"]
        return inner


class Receiver:
    """Keeps what arrives. `answers` holds the next answers as (status, headers); empty: 200."""

    def __init__(self) -> None:
        self.received: queue.Queue[Received] = queue.Queue()
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.released = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/webhooks/slack/events"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.take(self, Received(body, headers))

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        return Handler

    def take(self, handler: BaseHTTPRequestHandler, received: Received) -> None:
        """Keep a request and answer it; a status of 0 hangs until the test releases it."""
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        self.received.put(received)
        if not status:
            self.released.wait(10)
            return
        challenge = received.json.get("challenge", "")
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(challenge)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(challenge.encode())

    def next(self, seconds: float = 5) -> Received:
        """The next request. Raises queue.Empty."""
        return self.received.get(timeout=seconds)

    def event(self, team: str, seconds: float = 5) -> Received:
        """The next event of one workspace; others are dropped."""
        while True:
            received = self.next(seconds)
            if received.json.get("team_id") == team:
                return received

    def reset(self) -> None:
        """Forget everything."""
        self.answers.clear()
        while not self.received.empty():
            self.received.get_nowait()

    def close(self) -> None:
        """Stop the server."""
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
