"""An independent OpenID provider on a real port, which records its requests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import flask
import httpx
import oidc_provider_mock  # type: ignore[import-untyped]
import werkzeug.serving


@dataclass
class Provider:
    """Its URL, and the last form or query sent to each of its endpoints."""

    url: str
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def knows(self, sub: str, **claims: Any) -> None:
        httpx.put(f"{self.url}/users/{sub}", json=claims).raise_for_status()

    def allow(self, address: str, sub: str) -> str:
        """Consent as a person would; returns the path and query of the redirect back."""
        answer = httpx.post(address, data={"sub": sub})
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["location"])
        return urlunsplit(("", "", back.path, back.query, ""))


@contextmanager
def running_provider() -> Iterator[Provider]:
    """Run the provider until the end of the block."""
    app = oidc_provider_mock.app(require_nonce=True)
    server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")

    @app.before_request
    def _write_down() -> None:
        told = flask.request.form if flask.request.path == "/oauth2/token" else flask.request.args
        provider.asked[flask.request.path] = told.to_dict()

    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield provider
    server.shutdown()
    thread.join()
    server.server_close()


def query_of(address: str) -> dict[str, str]:
    """A URL's query with one value per name."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
