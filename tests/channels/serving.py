"""This process as a web server, and an operator with a browser: for providers that come to our addresses."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import werkzeug.serving
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.test import Client


@contextmanager
def served() -> Iterator[str]:
    """Serve; yields the URL."""

    def application(environ: dict[str, object], start_response: object) -> object:
        try:
            return get_wsgi_application()(environ, start_response)  # type: ignore[arg-type]
        finally:
            connections.close_all()

    server = werkzeug.serving.make_server("127.0.0.1", 0, application, threaded=True)  # type: ignore[arg-type]
    threading.Thread(target=server.serve_forever).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


class Operator:
    """A logged-in person with a browser."""

    def __init__(self, site: str, client: Client) -> None:
        cookies = {name: morsel.value for name, morsel in client.cookies.items()}
        self.http = httpx.Client(base_url=site, cookies=cookies, follow_redirects=True, timeout=20)

    def submit(self, page: httpx.Response, action: str = "", **fields: str) -> httpx.Response:
        """Fill in the page's form, or the one with this action, and press its button."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token, page.text
        return self.http.post(action or str(page.url), data={"csrfmiddlewaretoken": token[1], **fields})


def words(page: httpx.Response) -> str:
    assert page.status_code == 200, page.text
    return " ".join(page.text.split())
