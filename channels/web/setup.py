"""Connecting a channel by what an operator enters: the provider's form, or the credentials of an own app there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from channels.connections import drafts
from channels.connections.connect import connect, gate
from channels.models import Connection, ConnectionDraft
from channels.providers.base import DeliveryError, DeliveryRefusedError, Provider
from channels.providers.connecting import AccountTakenError, AnotherAddressError, Form, NotAcceptedError, OwnApp
from channels.web import connecting
from channels.web.forms import SetupForm
from channels.web.onboarding import ConnectChannel
from tenants.encryption import UndecryptableError
from tenants.http.access import opens_own_scope, requires, workspace_of
from tenants.onboarding import wizard
from tenants.permissions import Permission
from tenants.scope import tenant_scope

CHANGE = "change"
"""In the query: enter the credentials of an own app once more."""


@dataclass(frozen=True)
class Choice:
    """One of the channels that can be connected. words: its own templates."""

    provider: Provider
    words: Mapping[str, list[str]]
    is_chosen: bool


@opens_own_scope
@requires(Permission.MANAGE_CHANNELS)
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest, provider: str, draft_id: UUID) -> HttpResponseBase:
    """The page of one connection to be: what to do at the provider, and the form."""
    its, entered = _entered(provider)
    draft = draft_of(request, its, draft_id)
    form = SetupForm(request.POST or None, entered=entered, known=known_of(draft), keeps=its.form is not None)
    if request.method == "POST" and form.is_valid():
        answer = _enter(request, its, draft, form)
        if answer is not None:
            return answer
    return _show(request, its, entered, draft, form)


@opens_own_scope
@requires(Permission.MANAGE_CHANNELS)
@require_POST
def ask(request: HttpRequest, provider: str, draft_id: UUID) -> HttpResponseBase:
    """Off to the provider's consent page, where the own app asks."""
    its, _entered_there = _entered(provider)
    draft = draft_of(request, its, draft_id)
    sign_up = connecting.sign_up_of(its)
    if sign_up:
        return connecting.ask_consent(request, its, sign_up)
    if its.form or its.consent is None or not known_of(draft):
        return redirect("workspace:setup", workspace_of(request).tenant.slug, provider, draft_id)
    return connecting.ask_consent(request, its, its.consent, draft.id)


def _entered(name: str) -> tuple[Provider, Form | OwnApp]:
    provider = connecting.known(name)
    entered = connecting.entered(provider)
    if entered is None:
        raise Http404
    return provider, entered


def draft_of(request: HttpRequest, provider: Provider, draft_id: UUID) -> ConnectionDraft:
    """The draft with this id, or a 404."""
    with tenant_scope(workspace_of(request).tenant.id):
        found = drafts.of(provider.name, draft_id, partial(connecting.is_by_hand, provider))
    if found is None:
        raise Http404(_("This page is older than a week. Begin anew under Channels."))
    return found


def known_of(draft: ConnectionDraft) -> Mapping[str, str]:
    """What was entered before; nothing if no key opens it any more."""
    try:
        return draft.values
    except UndecryptableError:
        return {}


def _enter(request: HttpRequest, provider: Provider, draft: ConnectionDraft, form: SetupForm) -> HttpResponse | None:
    """Check what was entered at the provider, and go on; None if it says no: then the form says why."""
    own_app = provider.consent.own_app if provider.consent else None
    try:
        if provider.form:
            return _connect(request, provider, provider.form, draft, form.values)
        if own_app:
            return _keep(request, provider, own_app, draft, form.values)
    except NotAcceptedError as error:
        form.add_error(error.field or None, str(error))
    except (AccountTakenError, AnotherAddressError, DeliveryRefusedError) as error:
        form.add_error(None, str(error))
    except DeliveryError:
        words = _("%(channel)s cannot be reached right now, so this could not be checked. Try again in a minute.")
        form.add_error(None, words % {"channel": provider.label})
    return None


def _connect(
    request: HttpRequest, provider: Provider, form: Form, draft: ConnectionDraft, values: Mapping[str, str]
) -> HttpResponse:
    """By the form alone. The provider may ask at our address before it answers, so the values are kept first."""
    tenant = workspace_of(request).tenant
    values = drafts.complete(draft, values, form.generated)
    with tenant_scope(tenant.id):
        drafts.enter(draft, values)
    installed = form.install(values, draft.id, gate(tenant.id, provider.name, draft.id))
    with tenant_scope(tenant.id):
        connection = connect(replace(installed, connection_id=draft.id))
    words = _("%(channel)s is connected: %(account)s.") % {"channel": provider.label, "account": connection.name}
    messages.success(request, words)
    if form.proof(installed.facts):
        return redirect("workspace:connected", tenant.slug, connection.id)
    return redirect("workspace:onboarding", tenant.slug)


def _keep(
    request: HttpRequest, provider: Provider, own_app: OwnApp, draft: ConnectionDraft, values: Mapping[str, str]
) -> HttpResponse:
    """The own app's credentials; its consent page is next."""
    own_app.check(values)
    tenant = workspace_of(request).tenant
    with tenant_scope(tenant.id):
        drafts.enter(draft, values)
    return redirect("workspace:setup", tenant.slug, provider.name, draft.id)


def _choices(request: HttpRequest, provider: Provider, draft: ConnectionDraft) -> Sequence[Choice]:
    """The channels to choose from, while the first one is set up; none for a connection that is renewed."""
    with tenant_scope(workspace_of(request).tenant.id):
        if Connection.objects.filter(id=draft.id).exists():
            return ()
    return [Choice(each, connecting.words_of(each), is_chosen=each is provider) for each in connecting.offers()]


def _show(
    request: HttpRequest, provider: Provider, entered: Form | OwnApp, draft: ConnectionDraft, form: SetupForm
) -> HttpResponse:
    is_entered = bool(form.known) and provider.form is None and CHANGE not in request.GET and not form.is_bound
    context: dict[str, Any] = {
        "step": ConnectChannel,
        "its": provider,
        "entered_is_form": provider.form is not None,
        "not_accepted": _("This is not right yet"),
        "channel": provider.label,
        "words": connecting.words_of(provider),
        "draft": draft,
        "can_sign_up": connecting.sign_up_of(provider) is not None,
        "choices": _choices(request, provider, draft) if provider.form else (),
        "where": [f"{provider.name}/where.html", "channels/any/where.html"],
        "asks": provider.form.asks if provider.form else provider.label,
        "form": form,
        "is_entered": is_entered,
        "shown": form.shown if is_entered else (),
        "problem": request.session.pop(connecting.PROBLEM, ""),
        **entered.context(draft.id),
    }
    if request.headers.get("HX-Request"):
        return render(request, "channels/setup.html#proof", context)
    workspace = workspace_of(request)
    with tenant_scope(workspace.tenant.id):
        request.wizard = [(each, each.is_done(workspace)) for each in wizard.steps()]  # type: ignore[attr-defined]
    return render(request, "channels/setup.html", context)
