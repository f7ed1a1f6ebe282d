"""Links from one page to another and back: to more seats, and to where somebody was before Stripe."""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _

from billing import standing
from billing.standing import Standing
from billing.stripe import client
from tenants.http.access import workspace_of
from tenants.http.middleware import Workspace
from tenants.permissions import Permission

BACK = "next"
"""The parameter that says where somebody goes when they are done."""
RETURN = "workspace:billing_return"
"""Where Stripe's pages send people back to."""


@dataclass(frozen=True)
class Way:
    """A link: where to, and what it says. is_to_seats: you can get more seats there right now."""

    url: str
    words: str
    is_to_seats: bool = False


def to_billing(workspace: Workspace, back: str = "") -> Way | None:
    """The link to the billing page; None where nothing is sold, or for those who may not buy."""
    if not client.is_configured() or not workspace.allows(Permission.MANAGE_BILLING):
        return None
    return Way(through("workspace:billing", workspace.tenant.slug, back), _("Go to billing"))


def to_a_seat(workspace: Workspace, current: Standing, back: str = "") -> Way | None:
    """The link to one more seat, which then leads on to `back`; None like to_billing()."""
    billing = to_billing(workspace, back)
    if billing is None:
        return None
    if standing.CHANGE_SEATS in current.may:
        more = current.entitlement.seats + 1
        url = through("workspace:seats", workspace.tenant.slug, back, seats=str(more))
        return Way(url, _("Add a seat"), is_to_seats=True)
    return Way(billing.url, _("Subscribe"), is_to_seats=True) if standing.SUBSCRIBE in current.may else billing


def back_of(request: HttpRequest) -> str:
    """`next`, if it is a page of the caller's workspace, else ""."""
    given = request.POST.get(BACK) or request.GET.get(BACK) or ""
    return given if is_inside(given, workspace_of(request).tenant.slug) else ""


def is_inside(path: str, slug: str) -> bool:
    """Is this the path of a page of the workspace, and nothing that a browser could take for another site?"""
    if not path.startswith(reverse("workspace:home", args=[slug])) or not path.isprintable() or "\\" in path:
        return False
    try:
        return resolve(urlsplit(path).path).kwargs.get("workspace") == slug
    except (Resolver404, ValueError):
        return False


def through(name: str, slug: str, back: str = "", **query: str) -> str:
    """The path of a page of the workspace that leads on to `back`, without empty parameters."""
    given = {key: value for key, value in {**query, BACK: back}.items() if value}
    path = reverse(name, args=[slug])
    return f"{path}?{urlencode(given)}" if given else path
