"""The sandbox as one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.database import Database
from sandbox.html import Html, tag
from sandbox.pages import STATIC, page, top_bar
from sandbox.parts import PARTS, Card, Part
from sandbox.settings import Settings


class OwnFormsOnly:
    """Refuses requests from other websites' pages: the browser names the page's site in Origin."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on requests with no Origin or with our own."""
        if scope["type"] == "http" and _is_foreign(Request(scope)):
            await PlainTextResponse("This request came from another website.", 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_foreign(request: Request) -> bool:
    origin = request.headers.get("origin")
    if origin is None or request.method in ("GET", "HEAD", "OPTIONS"):
        return False
    return origin.partition("://")[2] != request.headers.get("host")


def create_app(settings: Settings) -> Starlette:
    """Build the application with the peers that the settings name; its lifespan starts and stops them."""
    parts = {name: part for name, part in PARTS.items() if name in settings.peers}
    routes = [
        Route("/", start_page),
        Route("/healthz", healthz),
        Mount("/static", StaticFiles(directory=STATIC)),
        *(route for part in parts.values() for route in part.routes),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(OwnFormsOnly)], lifespan=_lifespan(settings, parts))
    app.state.parts = parts
    return app


def _lifespan(
    settings: Settings, parts: Mapping[str, Part]
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        database = Database(settings.data / "sandbox.sqlite3")
        async with AsyncExitStack() as stack:
            stack.callback(database.close)
            for part in parts.values():
                await stack.enter_async_context(part.serving(app.state, settings, database))
            yield

    return lifespan


def stop_waiting(app: Starlette) -> None:
    """Let requests that hang on purpose end, so that the server can stop at once."""
    for peer in ("slack", "whatsapp", "llm", "stripe"):
        if hasattr(app.state, peer):
            getattr(app.state, peer).faults.stopping.set()


async def healthz(request: Request) -> Response:
    """200 when every peer is up."""
    state = request.app.state
    up = {name: part.is_up(state) for name, part in state.parts.items()}
    return JSONResponse({"ok": all(up.values()), **up}, 200 if all(up.values()) else 503)


async def start_page(request: Request) -> Response:
    """The start page: a card for each peer."""
    intro = tag(
        "p",
        "Stand-ins for the outside services, so that the whole product can be tried without an account.",
        class_="soft",
    )
    head = tag("div", tag("h1", "Sandbox"), intro, class_="stack g2")
    state = request.app.state
    peers = tag("div", *(_peer(part.card(state)) for part in state.parts.values()), class_="peers")
    return page("Start", top_bar(), tag("main", head, peers, class_="narrow wide stack g6"))


def _peer(card: Card) -> Html:
    link = tag("a", card.label, href=card.url, class_="btn btn-plain")
    badge = tag("span", "Up", class_="badge b-ok")
    head = tag("div", tag("h2", card.title), badge, class_="row between")
    return tag("section", head, tag("p", card.text, class_="soft grow"), link, class_="card card-pad stack peer")
