"""Connecting a channel: which ones are offered, the way to a consent page or a form, and the way back from consent."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels.connections import drafts
from channels.connections.connect import connect, gate
from channels.models import Connection
from channels.providers.base import Provider
from channels.providers.connecting import Consent, Form, Outcome, OwnApp
from channels.providers.registry import provider_named, providers
from tenants.http.access import opens_own_scope, requires, workspace_of
from tenants.models import Membership, Tenant, User
from tenants.permissions import Permission
from tenants.scope import tenant_scope

PROBLEM = "connect_problem"
"""In the session: why the last try failed, shown once."""
WORDED = (
    "address", "ask", "choice", "connected", "find", "link", "live", "may", "missing", "next", "own", "reach", "setup",
)  # fmt: skip
"""What a provider may word itself, in its own templates; templates/channels/any/ has the words for the others."""


def offers() -> Sequence[Provider]:
    """The channels that an operator can connect here; empty if this installation is set up for none."""
    return [each for each in providers() if can_connect(each)]


def can_connect(provider: Provider) -> bool:
    """Is this installation set up for it?"""
    ways = (each for each in (provider.consent, provider.form) if each)
    return any(way.is_configured() for way in ways)


def own_apps() -> Sequence[Provider]:
    """The channels that a workspace can connect through an app of its own."""
    return [each for each in providers() if each.consent and each.consent.own_app]


def entered(provider: Provider) -> Form | OwnApp | None:
    """What an operator may enter by hand: the provider's form, or the credentials of an own app."""
    return provider.form or (provider.consent.own_app if provider.consent else None)


def is_by_hand(provider: Provider, external_id: str) -> bool:
    """Was this account connected by what an operator entered?"""
    if provider.form:
        return bool(provider.form.fields)
    own_app = provider.consent.own_app if provider.consent else None
    return own_app is not None and own_app.is_own(external_id)


def spoken_of() -> Provider:
    """The channel to speak of where none is connected: what is offered, or what could be."""
    return next(iter(offers()), None) or next(iter(providers()))


def whose_name() -> str:
    """settings.SPEAKS_AS: in a sentence, where people see an employee's name and whom they write to."""
    provider = spoken_of()
    if not provider.speaks_as:
        return ""
    names = {"channel": provider.label, "app": provider.speaks_as}
    if provider.capabilities.own_names:
        return _("In %(channel)s, people write to the app, %(app)s, and its answers come under this name.") % names
    return _("In %(channel)s, its messages come from the app, %(app)s.") % names


def words_of(provider: Provider) -> Mapping[str, list[str]]:
    """Its own templates by what they say, each followed by the one for every provider."""
    return {each: [f"{provider.name}/{each}.html", f"channels/any/{each}.html"] for each in WORDED}


def start(request: HttpRequest, provider: Provider) -> HttpResponseBase:
    """Send the operator to the provider's consent page, or to its form; what needs neither is connected at once."""
    if not can_connect(provider):
        raise Http404(_("%(channel)s is not configured on this installation.") % {"channel": provider.label})
    if provider.form and not provider.form.fields:
        return _open(request, provider, provider.form)
    if provider.form or provider.consent is None:
        return begin(request, provider)
    return ask_consent(request, provider, provider.consent)


def sign_up_of(provider: Provider) -> Consent | None:
    """The consent page that is a quicker way than the provider's form, if this installation is set up for it."""
    return provider.consent if provider.form and provider.consent and provider.consent.is_configured() else None


def ask_consent(
    request: HttpRequest, provider: Provider, consent: Consent, draft_id: UUID | None = None
) -> HttpResponse:
    """To the provider's consent page, through a page that leads there.

    The Content-Security-Policy does not let a form redirect to another site.
    """
    url = consent.authorize_url(
        workspace_of(request).tenant.id,
        user_id=UUID(str(request.user.pk)),
        session_key=request.session.session_key or "",
        draft_id=draft_id,
    )
    return render(request, "channels/to_consent.html", {"url": url, "channel": provider.label})


def begin(request: HttpRequest, provider: Provider) -> HttpResponseBase:
    """To the page where an operator enters what connects it."""
    tenant = workspace_of(request).tenant
    with tenant_scope(tenant.id):
        draft = drafts.begin(provider.name)
    return redirect("workspace:setup", tenant.slug, provider.name, draft.id)


def _open(request: HttpRequest, provider: Provider, form: Form) -> HttpResponseBase:
    """Connect what needs nothing from outside: the one that was turned off last, else a new one."""
    tenant = workspace_of(request).tenant
    with tenant_scope(tenant.id):
        off = Connection.objects.filter(provider=provider.name, state=Connection.State.DISCONNECTED)
        last = off.order_by("-lost_at").values_list("id", flat=True).first()
        connection_id = last or uuid4()  # random, since it may be an address that nobody must guess
        installed = form.install({}, connection_id, gate(tenant.id, provider.name, connection_id))
        connection = connect(replace(installed, connection_id=connection_id))
    words = _("%(channel)s is connected: %(account)s.")
    where = provider.account_url(connection.external_id) or connection.name
    messages.success(request, words % {"channel": provider.label, "account": where})
    return redirect("workspace:onboarding", tenant.slug)


@opens_own_scope
@requires(Permission.MANAGE_CHANNELS)
@require_POST
def install(request: HttpRequest, provider: str) -> HttpResponseBase:
    """Off to a provider's consent page, or to its form."""
    return start(request, known(provider))


@opens_own_scope
@requires(Permission.MANAGE_CHANNELS)
@require_POST
def use_own_app(request: HttpRequest, provider: str) -> HttpResponseBase:
    """Off to the page where an app of the workspace's own is made and entered."""
    its, consent = _consenting(provider)
    if consent.own_app is None:
        raise Http404
    return begin(request, its)


@require_GET
def come_back(request: HttpRequest, provider: str) -> HttpResponse:
    """`/oauth/<provider>/callback`: back from the consent page, installed or not."""
    its, consent = _consenting(provider)
    tenant_id = consent.tenant_of(request.GET.get("state", ""))
    if tenant_id is None:
        return _failed(request, its, consent.what_expired(), HTTPStatus.BAD_REQUEST)
    tenant = Tenant.objects.get(id=tenant_id)
    outcome = consent.finish(request, tenant.id, connect, gate(tenant.id, its.name))
    if not _is_member(request, tenant):
        return _answer_stranger(request, its, tenant, outcome)
    if outcome.reason:
        request.session[PROBLEM] = outcome.problem
        if outcome.draft_id:
            return redirect("workspace:setup", tenant.slug, provider, outcome.draft_id)
        return redirect("workspace:onboarding_step", tenant.slug, "channel")
    words = _("%(channel)s is connected: %(account)s.") % {"channel": its.label, "account": outcome.account}
    messages.success(request, words)
    if outcome.lacking:
        messages.warning(request, outcome.lacking)
    return redirect("workspace:onboarding", tenant.slug)


def known(name: str) -> Provider:
    """The provider with this name, else a 404."""
    try:
        return provider_named(name)
    except KeyError as error:
        raise Http404 from error


def _consenting(name: str) -> tuple[Provider, Consent]:
    provider = known(name)
    if provider.consent is None:
        raise Http404
    return provider, provider.consent


def _is_member(request: HttpRequest, tenant: Tenant) -> bool:
    return isinstance(request.user, User) and Membership.objects.filter(tenant=tenant, user=request.user).exists()


def _answer_stranger(request: HttpRequest, provider: Provider, tenant: Tenant, outcome: Outcome) -> HttpResponse:
    """Somebody consented, by a link that the API made, for a workspace of Roster that is not theirs."""
    if outcome.reason == "invalid_browser" and not request.user.is_authenticated:
        return redirect_to_login("/")  # not its address, which the link alone does not tell
    if outcome.reason:
        status = HTTPStatus.SERVICE_UNAVAILABLE if outcome.is_busy else HTTPStatus.BAD_REQUEST
        return _failed(request, provider, outcome.problem, status)
    context = {"channel": provider.label, "account": outcome.account, "tenant": tenant}
    return render(request, "channels/consent_given.html", context)


def _failed(request: HttpRequest, provider: Provider, problem: str, status: int) -> HttpResponse:
    context = {"channel": provider.label, "problem": problem}
    return render(request, "channels/consent_failed.html", context, status=status)
