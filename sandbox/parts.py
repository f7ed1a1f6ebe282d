"""What each peer adds to the sandbox: its routes, what runs while it is served, and its card on the start page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from sandbox.database import Database
from sandbox.llm import anthropic_api, openai_api
from sandbox.llm import control as llm_control
from sandbox.llm.peer import Llm
from sandbox.mail import smtp
from sandbox.mail import views as mail_views
from sandbox.mail.inbox import Inbox
from sandbox.settings import Settings
from sandbox.slack import api as slack_api
from sandbox.slack import apps_page as slack_apps
from sandbox.slack import consent as slack_consent
from sandbox.slack import control as slack_control
from sandbox.slack import files as slack_files
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
from sandbox.whatsapp import control as whatsapp_control
from sandbox.whatsapp.graph import api as whatsapp_api
from sandbox.whatsapp.phone import routes as whatsapp_phone
from sandbox.whatsapp.state.peer import WhatsApp


@dataclass(frozen=True)
class Card:
    """What the start page says about a peer, and where it leads."""

    title: str
    text: str
    url: str
    label: str


@dataclass(frozen=True)
class Part:
    """One peer. `serving` puts its state into the application's and stops it at the end."""

    routes: Sequence[BaseRoute]
    serving: Callable[[State, Settings, Database], AbstractAsyncContextManager[None]]
    card: Callable[[State], Card]
    is_up: Callable[[State], bool] = lambda _: True


@asynccontextmanager
async def _slack(state: State, settings: Settings, database: Database) -> AsyncIterator[None]:
    if settings.slack is None:
        raise ValueError("There are no settings for Slack.")
    state.slack = slack = Slack(settings.slack, database, f"{settings.url}/slack/files")
    slack.deliveries.resume()
    checking = asyncio.create_task(slack.check_url())
    yield
    checking.cancel()
    await slack.deliveries.close()


def _slack_card(state: State) -> Card:
    teams = len(state.slack.workspaces.all())
    text = f"{teams} {'workspace' if teams == 1 else 'workspaces'}. Chat with the app as a person."
    return Card("Slack", text, "/slack/chat/", "Open the chat")


@asynccontextmanager
async def _stripe(state: State, settings: Settings, database: Database) -> AsyncIterator[None]:
    state.stripe = stripe = Stripe(settings.stripe, database, stripe_routes.HOOKS, f"{settings.url}/stripe")
    state.stripe_api = Api(stripe, stripe_routes.ENDPOINTS, stripe_routes.EXPANDERS)
    stripe.deliveries.start()
    ticking = asyncio.create_task(stripe_clocks.tick(stripe))
    expiring = asyncio.create_task(stripe_checkout.keep_expiring(stripe))
    yield
    ticking.cancel()
    expiring.cancel()
    await stripe.deliveries.close()


async def _stripe_api(request: Request) -> Response:
    """`/stripe/v1/…`: every call of the API."""
    api: Api = request.app.state.stripe_api
    return await api.call(request)


def _stripe_card(state: State) -> Card:
    customers = len(state.stripe.store.select("customer"))
    text = (
        f"{customers} {'customer' if customers == 1 else 'customers'}. Checkout, portal and invoices open from the "
        "product; here you advance their time."
    )
    return Card("Stripe", text, "/stripe/", "Open the account")


@asynccontextmanager
async def _whatsapp(state: State, settings: Settings, database: Database) -> AsyncIterator[None]:
    state.whatsapp = whatsapp = WhatsApp(database, settings.whatsapp_retry_delays, f"{settings.url}/whatsapp")
    whatsapp.webhooks.resume()
    yield
    await whatsapp.close()


def _whatsapp_card(state: State) -> Card:
    count = len(state.whatsapp.businesses.all())
    text = f"{count} {'number' if count == 1 else 'numbers'}. Copy a number's values to connect it, then write to it."
    return Card("WhatsApp", text, "/whatsapp/", "Open the phone")


@asynccontextmanager
async def _llm(state: State, settings: Settings, _: Database) -> AsyncIterator[None]:
    state.llm = Llm(settings)
    yield


def _llm_card(_: State) -> Card:
    text = "Chat Completions and models, at /openai/v1. Answers come from the instructions in the request."
    return Card("OpenAI", text, "/openai/control/calls", "Calls so far")


@asynccontextmanager
async def _mail(state: State, settings: Settings, database: Database) -> AsyncIterator[None]:
    state.inbox = Inbox(database)
    state.smtp = await smtp.serve(state.inbox, settings.smtp_port)
    yield
    state.smtp.close()


def _mail_card(state: State) -> Card:
    text = f"{len(state.inbox.all())} mails. Everything the product sends lands here."
    return Card("Mailbox", text, "/mail/", "Open the mailbox")


PARTS: Final = {
    "slack": Part(
        [
            Route("/slack/oauth/v2/authorize", slack_consent.authorize, methods=["GET", "POST"]),
            Route("/slack/api/{method}", slack_api.call_method, methods=["GET", "POST"]),
            *slack_apps.ROUTES,
            Mount("/slack/files", routes=slack_files.ROUTES),
            Mount("/slack/chat", routes=slack_chat.ROUTES),
            Mount("/slack/control", routes=slack_control.ROUTES),
        ],
        _slack,
        _slack_card,
    ),
    "whatsapp": Part(
        [
            Mount("/whatsapp/control", routes=whatsapp_control.ROUTES),
            Mount("/whatsapp", routes=[*whatsapp_api.ROUTES, *whatsapp_phone.ROUTES]),
        ],
        _whatsapp,
        _whatsapp_card,
    ),
    "mail": Part(
        [Mount("/mail", routes=mail_views.ROUTES)], _mail, _mail_card, lambda state: bool(state.smtp.is_serving())
    ),
    "stripe": Part(
        [
            Route("/stripe/v1/{path:path}", _stripe_api, methods=["GET", "POST", "DELETE"]),
            Mount("/stripe/control", routes=stripe_control.ROUTES),
            Mount("/stripe/checkout", routes=stripe_checkout_page.ROUTES),
            Mount("/stripe/invoice", routes=stripe_invoice.ROUTES),
            Mount("/stripe/portal", routes=stripe_portal.ROUTES),
            Mount("/stripe", routes=stripe_dashboard.ROUTES),
        ],
        _stripe,
        _stripe_card,
    ),
    "llm": Part(
        [
            Mount("/openai/control", routes=llm_control.ROUTES),
            Mount("/openai", routes=openai_api.ROUTES),
            Mount("/anthropic", routes=anthropic_api.ROUTES),
        ],
        _llm,
        _llm_card,
    ),
}
"""The peers by their names in SANDBOX, in the start page's order."""
