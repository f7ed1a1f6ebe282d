"""The sandbox as one ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.database import Database
from sandbox.html import Html, tag
from sandbox.llm import anthropic_api, openai_api
from sandbox.llm import control as llm_control
from sandbox.llm.peer import Llm
from sandbox.mail import smtp
from sandbox.mail import views as mail_views
from sandbox.mail.inbox import Inbox
from sandbox.pages import STATIC, page, top_bar
from sandbox.settings import Settings
from sandbox.slack import api as slack_api
from sandbox.slack import apps_page as slack_apps
from sandbox.slack import consent as slack_consent
from sandbox.slack import control as slack_control
from sandbox.slack.chat import routes as slack_chat
from sandbox.slack.state.peer import Slack
from sandbox.stripe import control as stripe_control
from sandbox.stripe import routes as stripe_routes
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.api.http import Api
from sandbox.stripe.checkout import page as stripe_checkout_page
from sandbox.stripe.checkout import sessions as stripe_checkout
from sandbox.stripe.pages import dashboard as stripe_dashboard
from sandbox.stripe.pages import invoice_page as stripe_invoice
from sandbox.stripe.portal import page as stripe_portal
from sandbox.stripe.time import clocks as stripe_clocks

logger = logging.getLogger(__name__)


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
    """Build the application; its lifespan starts and stops the peers."""
    routes = [
        Route("/", start_page),
        Route("/healthz", healthz),
        Mount("/static", StaticFiles(directory=STATIC)),
        Route("/slack/oauth/v2/authorize", slack_consent.authorize, methods=["GET", "POST"]),
        Route("/slack/api/{method}", slack_api.call_method, methods=["GET", "POST"]),
        *slack_apps.ROUTES,
        Mount("/slack/chat", routes=slack_chat.ROUTES),
        Mount("/slack/control", routes=slack_control.ROUTES),
        Mount("/openai/control", routes=llm_control.ROUTES),
        Mount("/openai", routes=openai_api.ROUTES),
        Mount("/anthropic", routes=anthropic_api.ROUTES),
        Mount("/mail", routes=mail_views.ROUTES),
        Route("/stripe/v1/{path:path}", stripe_api, methods=["GET", "POST", "DELETE"]),
        Mount("/stripe/control", routes=stripe_control.ROUTES),
        Mount("/stripe/checkout", routes=stripe_checkout_page.ROUTES),
        Mount("/stripe/invoice", routes=stripe_invoice.ROUTES),
        Mount("/stripe/portal", routes=stripe_portal.ROUTES),
        Mount("/stripe", routes=stripe_dashboard.ROUTES),
    ]
    return Starlette(routes=routes, middleware=[Middleware(OwnFormsOnly)], lifespan=_lifespan(settings))


def _lifespan(settings: Settings) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        database = Database(settings.data / "sandbox.sqlite3")
        app.state.slack, app.state.llm = Slack(settings.slack, database), Llm(settings)
        app.state.stripe = _stripe(settings, database)
        app.state.stripe_api = Api(app.state.stripe, stripe_routes.ENDPOINTS, stripe_routes.EXPANDERS)
        app.state.inbox = Inbox(database)
        app.state.smtp = await smtp.serve(app.state.inbox, settings.smtp_port)
        app.state.slack.deliveries.resume()
        app.state.stripe.deliveries.start()
        checking = asyncio.create_task(app.state.slack.check_url())
        ticking = asyncio.create_task(stripe_clocks.tick(app.state.stripe))
        expiring = asyncio.create_task(stripe_checkout.keep_expiring(app.state.stripe))
        yield
        for task in (checking, ticking, expiring):
            task.cancel()
        app.state.smtp.close()
        await app.state.slack.deliveries.close()
        await app.state.stripe.deliveries.close()
        database.close()

    return lifespan


def _stripe(settings: Settings, database: Database) -> Stripe:
    return Stripe(settings.stripe, database, stripe_routes.HOOKS, f"{settings.url}/stripe")


async def stripe_api(request: Request) -> Response:
    """`/stripe/v1/…`: every call of the API."""
    api: Api = request.app.state.stripe_api
    return await api.call(request)


def stop_waiting(app: Starlette) -> None:
    """Let requests that hang on purpose end, so that the server can stop at once."""
    for peer in ("slack", "llm", "stripe"):
        if hasattr(app.state, peer):
            getattr(app.state, peer).faults.stopping.set()


async def healthz(request: Request) -> Response:
    """200 when every peer is up."""
    up = {"slack": True, "llm": True, "stripe": True, "mail": request.app.state.smtp.is_serving()}
    return JSONResponse({"ok": all(up.values()), **up}, 200 if all(up.values()) else 503)


async def start_page(request: Request) -> Response:
    """The start page: a card for each peer."""
    intro = tag(
        "p",
        "Stand-ins for the outside services, so that the whole product can be tried without an account.",
        class_="soft",
    )
    head = tag("div", tag("h1", "Sandbox"), intro, class_="stack g2")
    peers = tag("div", *_peers(request.app.state), class_="peers")
    return page("Start", top_bar(), tag("main", head, peers, class_="narrow wide stack g6"))


def _peers(state: State) -> Iterator[Html]:
    slack: Slack = state.slack
    inbox: Inbox = state.inbox
    stripe: Stripe = state.stripe
    teams, customers = len(slack.workspaces.all()), len(stripe.store.select("customer"))
    yield _peer(
        "Slack",
        f"{teams} {'workspace' if teams == 1 else 'workspaces'}. Chat with the app as a person.",
        "/slack/chat/",
        "Open the chat",
    )
    yield _peer(
        "Mailbox", f"{len(inbox.all())} mails. Everything the product sends lands here.", "/mail/", "Open the mailbox"
    )
    yield _peer(
        "Stripe",
        f"{customers} {'customer' if customers == 1 else 'customers'}. Checkout, portal and invoices open from the "
        "product; here you advance their time.",
        "/stripe/",
        "Open the account",
    )
    yield _peer(
        "OpenAI",
        "Chat Completions and models, at /openai/v1. Answers come from the instructions in the request.",
        "/openai/control/calls",
        "Calls so far",
    )


def _peer(name: str, text: str, url: str, label: str) -> Html:
    link = tag("a", label, href=url, class_="btn btn-plain")
    badge = tag("span", "Up", class_="badge b-ok")
    head = tag("div", tag("h2", name), badge, class_="row between")
    return tag("section", head, tag("p", text, class_="soft grow"), link, class_="card card-pad stack peer")
