"""The billing portal as HTML: plan, payment methods, billing details and invoices, each in a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from sandbox.html import Html, join, tag
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing.subscription_shapes import items_of
from sandbox.stripe.pages.hosted import back_link, badge, hosted_page
from sandbox.stripe.pages.plan_words import STATUSES, cost, when
from sandbox.words import day, money

MOST_INVOICES: Final = 24
INVOICE_STATUSES: Final = {
    "open": ("Due", "b-warn"),
    "paid": ("Paid", "b-ok"),
    "uncollectible": ("Uncollectible", "b-bad"),
    "void": ("Void", ""),
}


@dataclass(frozen=True)
class Visit:
    """A customer's visit to the portal."""

    peer: Stripe
    session: JsonObject
    customer: JsonObject
    configuration: JsonObject

    @property
    def address(self) -> str:
        """The base path of this session's pages."""
        return f"/stripe/portal/{self.session['url'].rpartition('/')[2]}"

    @property
    def shop(self) -> str:
        """The account's name."""
        return self.peer.account.name

    @property
    def flow(self) -> JsonObject | None:
        """The flow, if it isn't completed yet."""
        flow: JsonObject | None = self.session["flow"]
        return None if self.peer.store.kept(self.session["id"]).get("flow_is_done") else flow

    def may(self, feature: str) -> bool:
        """Whether the configuration enables a feature."""
        return bool(self.configuration["features"][feature]["enabled"])


def page(visit: Visit, title: str, body: Html, status: int = 200) -> Response:
    """A portal page; its forms may redirect to the shop."""
    after = (visit.flow or {}).get("after_completion", {}).get("redirect") or {}
    leads_to = (visit.session["return_url"] or "", after.get("return_url", ""))
    return hosted_page(title, body, status=status, leads_to=leads_to)


def frame(visit: Visit, title: str, *content: Html | None) -> Html:
    """A portal page: a link back, a title, the content. Inner pages link to the home page, which links to the shop."""
    home = tag("a", "← All billing", href=visit.address, class_="btn btn-ghost btn-sm pay-back")
    is_home = title == HOME
    way = back_link(visit.session["return_url"], visit.shop) if is_home or visit.flow else home
    head = tag("div", badge(), tag("h1", title, class_="pay-head"), class_="stack g2")
    return tag("main", way, head, *content, class_="pay-two stack g5")


HOME: Final = "Billing"


def home(visit: Visit, subscriptions: Sequence[JsonObject], methods: Sequence[JsonObject]) -> Html:
    """The portal's home page."""
    plans = [_plan(visit, sub) for sub in subscriptions] or [_nothing("You don't have a plan.")]
    return frame(
        visit,
        HOME,
        _card("Plan" if len(plans) == 1 else "Plans", *plans),
        _methods(visit, methods),
        _details(visit),
        _invoices(visit),
    )


def _card(title: str, *content: Html | None, action: Html | None = None) -> Html:
    head = tag("div", tag("h2", title), action, class_="row between")
    return tag("section", head, *content, class_="card card-pad stack")


def _nothing(words: str) -> Html:
    return tag("p", words, class_="muted")


def _plan(visit: Visit, sub: JsonObject) -> Html:
    word, kind = STATUSES[sub["status"]]
    items = [tag("p", _item_words(visit.peer, item), class_="pay-plan") for item in items_of(sub)]
    price = tag("p", tag("b", cost(sub)), class_="pay-plan-price")
    head = tag(
        "div",
        tag("div", *items, price, class_="stack g0 grow"),
        tag("span", word, class_=f"badge {kind}"),
        class_="row between",
    )
    return tag("div", head, tag("p", when(sub), class_="soft"), _plan_buttons(visit, sub), class_="stack g3")


def _item_words(peer: Stripe, item: JsonObject) -> Html:
    name = peer.store.get(item["price"]["product"]).get("name", "A product")
    count = f"\N{MULTIPLICATION SIGN} {item['quantity']}" if item["quantity"] != 1 else ""
    return join(tag("b", name), f" {count}")


def may_keep(sub: JsonObject) -> bool:
    """Whether a scheduled cancellation, by date or at period end, can be undone here: not if a schedule manages it."""
    return sub["cancel_at"] is not None and sub["schedule"] is None


def _plan_buttons(visit: Visit, sub: JsonObject) -> Html | None:
    if not visit.may("subscription_cancel"):
        return None
    if may_keep(sub):
        button = tag("button", "Keep plan", class_="btn btn-primary")
        return tag("form", button, method="post", action=f"{visit.address}/resume/{sub['id']}")
    if sub["cancel_at"]:
        return None
    return tag(
        "div", tag("a", "Cancel plan", href=f"{visit.address}/cancel/{sub['id']}", class_="btn btn-plain"), class_="row"
    )


def _methods(visit: Visit, methods: Sequence[JsonObject]) -> Html:
    default = visit.customer["invoice_settings"]["default_payment_method"]
    is_editable = visit.may("payment_method_update")
    rows = [_method(visit, one, is_default=one["id"] == default, is_editable=is_editable) for one in methods]
    add = tag("a", "Add a card", href=f"{visit.address}/card", class_="btn btn-plain btn-sm") if is_editable else None
    table = tag("ul", *rows, class_="pay-rows") if rows else _nothing("No saved cards.")
    return _card("Payment methods", table, action=add)


def _method(visit: Visit, method: JsonObject, *, is_default: bool, is_editable: bool) -> Html:
    words, expiry = _method_words(method)
    name = tag("span", tag("b", words), tag("span", expiry, class_="hint"), class_="pay-card-words grow")
    mark = tag("span", "Default", class_="badge b-info") if is_default else None
    buttons = None
    if is_editable and not is_default:
        action = f"{visit.address}/cards/{method['id']}"
        use = tag("button", "Make default", name="do", value="default", class_="btn btn-plain btn-sm")
        remove = tag("button", "Remove", name="do", value="remove", class_="btn btn-bad btn-sm")
        buttons = tag("form", use, remove, method="post", action=action, class_="row")
    return tag("li", name, mark, buttons)


def _method_words(method: JsonObject) -> tuple[str, str]:
    card = method["card"]
    words = f"{card['brand'].title()} •••• {card['last4']}"
    return words, f"until {card['exp_month']:02d}/{card['exp_year'] % 100:02d}"


def _details(visit: Visit) -> Html:
    customer = visit.customer
    where = customer["address"] or {}
    lines = [where.get(key) for key in ("line1", "line2", "postal_code", "city", "state", "country")]
    rows = [
        ("Name", customer["name"]),
        ("E-mail", customer["email"]),
        ("Phone", customer["phone"]),
        ("Address", ", ".join(part for part in lines if part)),
    ]
    shown = [tag("div", tag("dt", name), tag("dd", value)) for name, value in rows if value]
    edit = (
        tag("a", "Edit", href=f"{visit.address}/details", class_="btn btn-plain btn-sm")
        if visit.may("customer_update")
        else None
    )
    return _card("Billing details", tag("dl", *shown, class_="facts pay-facts"), action=edit)


def _invoices(visit: Visit) -> Html | None:
    if not visit.may("invoice_history"):
        return None
    found = visit.peer.store.select("invoice", customer=visit.customer["id"])
    rows = [_invoice(one) for one in found if one["status"] != "draft"][:MOST_INVOICES]
    head = tag(
        "tr",
        tag("th", "Date"),
        tag("th", "Number", class_="wide-only"),
        tag("th", "Amount"),
        tag("th", "State"),
        tag("th", tag("span", "Open", class_="vh")),
    )
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="pay-table")
    return _card("Invoices", table if rows else _nothing("No invoices yet."))


def _invoice(invoice: JsonObject) -> Html:
    word, kind = INVOICE_STATUSES[invoice["status"]]
    link = tag("a", "Pay" if invoice["status"] == "open" else "View", href=invoice["hosted_invoice_url"])
    return tag(
        "tr",
        tag("td", tag("time", day(invoice["created"]))),
        tag("td", invoice["number"], class_="wide-only muted"),
        tag("td", money(invoice["total"], invoice["currency"])),
        tag("td", tag("span", word, class_=f"badge {kind}")),
        tag("td", link),
    )
