"""The billing portal's hosted page, `/stripe/portal/<secret>`.

A session's stored facts: when it was last `used_at`, the card `pending` 3-D Secure, and whether the
`flow_is_done`. https://docs.stripe.com/customer-management
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.html import Html, tag
from sandbox.pages import notice_page, see_other
from sandbox.stripe.account.errors import StripeError
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing.subscription_shapes import is_over
from sandbox.stripe.pages.hosted import Fields, read_fields
from sandbox.stripe.portal import cards, details, plans, view
from sandbox.stripe.portal.view import Visit

UNUSED_SECONDS: Final = 300
IDLE_SECONDS: Final = 3600
Work = Callable[[Visit, Request, Fields], Response | str | None]


def _endpoint(work: Work, feature: str | None = None) -> Callable[[Request], Awaitable[Response]]:
    """Wrap a page function, which returns a response or what was done; None shows the portal's home page."""

    async def endpoint(request: Request) -> Response:
        fields = await read_fields(request)
        visit = _visit(request)
        if isinstance(visit, Response):
            return visit
        if feature is not None and not visit.may(feature):
            return notice_page("Not available", f"{visit.shop} does not offer this in the portal.", status=403)
        try:
            answer = work(visit, request, fields)
        except StripeError as error:
            return notice_page("That did not work", str(error), status=400)
        if isinstance(answer, Response):
            return answer
        flow = visit.flow
        return _completed(visit, flow) if answer and flow else see_other(visit.address)

    return endpoint


def _visit(request: Request) -> Visit | Response:
    """The customer that the URL lets in, or a page that says why not."""
    peer: Stripe = request.app.state.stripe
    url = f"{peer.base_url}/portal/{request.path_params['secret']}"
    sessions = peer.store.select("billing_portal.session", url=url)
    customer = peer.store.find(sessions[0]["customer"]) if sessions else None
    if not sessions or customer is None or customer.get("deleted"):
        return notice_page("No such page", "There is no billing portal session at this address.", status=404)
    session, now = sessions[0], peer.store.now()
    facts = peer.store.kept(session["id"])
    life = IDLE_SECONDS if facts.get("was_opened") else UNUSED_SECONDS
    if now - facts["used_at"] > life:
        return _expired(peer, session)
    peer.store.keep(session["id"], used_at=now, was_opened=True)
    return Visit(peer, session, customer, peer.store.get(session["configuration"]))


def _expired(peer: Stripe, session: JsonObject) -> Response:
    back = session["return_url"]
    link = [tag("a", f"Back to {peer.account.name}", href=back, class_="btn btn-primary")] if back else []
    text = "For your security, the billing portal closes after a while. Go back to the shop and open it again."
    return notice_page("This page has expired", text, tag("div", *link, class_="row"), status=410)


def _completed(visit: Visit, flow: JsonObject) -> Response:
    """A flow is completed: redirect where its session says."""
    after = flow["after_completion"]
    visit.peer.store.keep(visit.session["id"], flow_is_done=True)
    if after["type"] == "redirect":
        return see_other(after["redirect"]["return_url"])
    return see_other(visit.address)


def show(visit: Visit, request: Request, fields: Fields) -> Response:
    """The portal's home page, or the page of the session's flow."""
    if visit.flow:
        return see_other(f"{visit.address}/card")
    return view.page(visit, view.HOME, _home(visit))


def _home(visit: Visit) -> Html:
    found = visit.peer.store.select("subscription", customer=visit.customer["id"])
    methods = visit.peer.store.select("payment_method", customer=visit.customer["id"])
    return view.home(visit, [sub for sub in found if not is_over(sub)], methods)


CARD: Final = "payment_method_update"
CANCEL: Final = "subscription_cancel"
ROUTES: Final = [
    Route("/{secret}", _endpoint(show)),
    Route("/{secret}/card", _endpoint(cards.ask, CARD), methods=["GET"]),
    Route("/{secret}/card", _endpoint(cards.add, CARD), methods=["POST"]),
    Route("/{secret}/card/authenticate", _endpoint(cards.authenticate, CARD), methods=["GET", "POST"]),
    Route("/{secret}/cards/{method}", _endpoint(cards.manage, CARD), methods=["POST"]),
    Route("/{secret}/cancel/{subscription}", _endpoint(plans.ask_to_cancel, CANCEL), methods=["GET"]),
    Route("/{secret}/cancel/{subscription}", _endpoint(plans.cancel, CANCEL), methods=["POST"]),
    Route("/{secret}/resume/{subscription}", _endpoint(plans.resume, CANCEL), methods=["POST"]),
    Route("/{secret}/details", _endpoint(details.ask, "customer_update"), methods=["GET"]),
    Route("/{secret}/details", _endpoint(details.change, "customer_update"), methods=["POST"]),
]
