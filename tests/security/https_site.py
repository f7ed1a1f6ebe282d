"""The web process as on a server: behind a trusted proxy that terminates HTTPS."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import Morsel, SimpleCookie

import httpx

from config.local.run.programs import WEB_LIMITS
from tests import static
from tests.security.observatory import Visit
from tests.stack import ROOT
from tests.waiting import eventually, free_ports

HOST = "roster.example.com"
KEY = "a-key-for-tests-that-is-long-enough-0123456789-ABCDEFGHIJ-abcdefghij"


def environment(**changes: str) -> dict[str, str]:
    """A server's environment for its processes; no services are reachable unless `changes` sets them."""
    nowhere = "127.0.0.1:9"
    given = {
        "PATH": os.environ["PATH"],
        "ROSTER_DATA": "/nonexistent/roster",
        "SECRET_KEY": KEY,
        "PLATFORM_ENCRYPTION_KEYS": os.environ["PLATFORM_ENCRYPTION_KEYS"],
        "PUBLIC_URL": f"https://{HOST}",
        "TRUSTED_PROXIES": "1",
        "DATABASE_URL": f"postgres://app@{nowhere}/roster",
        "DATABASE_POOL_SIZE": "0",
        "WEB_THREADS": "4",
        "REDIS_URL": f"redis://{nowhere}",
    }
    return {**given, **changes}


@dataclass
class HttpsSite:
    """A granian process on its own port. Requests are sent as a proxy would forward them."""

    database_url: str
    port: int = field(default_factory=lambda: free_ports(1))
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        given = environment(DATABASE_URL=self.database_url)
        static.collect()
        serve = [sys.executable, "-m", "granian", "--interface", "asginl", "--host", "127.0.0.1", *WEB_LIMITS]
        serve += ["--port", str(self.port), "--no-access-log", "config.asgi:application"]
        self.process = subprocess.Popen(serve, cwd=ROOT, env=given)
        eventually(self._answers, within=60, what="the web's start")

    def _answers(self) -> bool:
        try:
            return self.ask("/livez").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        assert self.process
        self.process.terminate()
        self.process.wait(20)

    def ask(
        self, path: str, *, scheme: str = "https", method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """One request as forwarded by the proxy, without following redirects."""
        passed_on = {"Host": HOST, "X-Forwarded-Proto": scheme, "X-Forwarded-For": "203.0.113.7", **(headers or {})}
        return httpx.request(method, f"http://127.0.0.1:{self.port}{path}", headers=passed_on, timeout=30)

    def visit(self, path: str, cookies: str = "") -> Visit:
        """What the Observatory's scanner would fetch for a page."""
        own = {"Cookie": cookies} if cookies else {}
        page = self.ask(path, headers=own)
        assert page.status_code == 200, f"{path}: {page.status_code}"
        asked = {"Origin": "https://observatory.example", "Access-Control-Request-Method": "GET", **own}
        cors = self.ask(path, method="OPTIONS", headers=asked)
        first = self.ask(path, scheme="http")
        route = (f"http://{HOST}{path}", *([first.headers["location"]] if first.is_redirect else []))
        return Visit(page.headers, page.text, tuple(cookies_of(page)), cors.headers, route)


def cookies_of(response: httpx.Response) -> list["Morsel[str]"]:
    """All Set-Cookie headers of a response."""
    jar = SimpleCookie()
    for header in response.headers.get_list("set-cookie"):
        jar.load(header)
    return list(jar.values())
