"""`/t/<slug>/conversations/<id>/template/`: choose a template, fill it in, look at it, send it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from agents.models import Conversation
from channels import reasons
from channels.connections import credentials
from channels.outreach import opening
from channels.providers.base import DeliveryError, DeliveryRefusedError, Provider
from channels.providers.registry import installed
from channels.providers.shapes.openers import Template
from channels.providers.shapes.sending import Account
from channels.tasks import deliver
from channels.web.outreach import preview
from channels.web.outreach.preview import BlanksForm
from tenants.encryption import UndecryptableError
from tenants.http.access import opens_own_scope, requires, workspace_of
from tenants.permissions import Permission
from tenants.scope import tenant_scope
from tenants.tasks import wake_on_commit

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Offer:
    """What can be sent in a conversation; problem: why nothing can."""

    conversation: Conversation
    provider: Provider
    templates: Sequence[Template] = ()
    problem: str = ""

    def chosen(self, asked: Any) -> Template | None:
        """The one that the query names, if it can be sent."""
        wanted = (asked.get("name"), asked.get("language"))
        found = [each for each in self.templates if (each.name, each.language) == wanted and each.can_be_sent]
        return found[0] if found else None


@opens_own_scope
@requires(Permission.MANAGE_CHANNELS)
@require_http_methods(["GET", "POST"])
def template(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """A GET lists them, or shows the blanks of the one in the query; a POST shows what is sent, or sends it."""
    if "seal" in request.POST:
        return _send(request, conversation_id)
    offer = _offer(request, conversation_id)
    chosen = offer.chosen(request.GET)
    context: dict[str, Any] = {"offer": offer, "conversation": offer.conversation, "channel": offer.provider.label}
    if chosen is None:
        return render(request, "channels/template/page.html", context)
    form = BlanksForm(chosen, request.POST if request.method == "POST" else None)
    context |= {"chosen": chosen, "form": form}
    if form.is_valid():
        filled = form.filled()
        shown = preview.of(chosen, filled)
        seal = preview.sealed(conversation_id, request.user.pk, filled, shown.words)
        context |= {"preview": shown, "seal": seal}
    return render(request, "channels/template/page.html", context)


def _offer(request: HttpRequest, conversation_id: UUID) -> Offer:
    """Ask the provider, with no scope open."""
    with tenant_scope(workspace_of(request).tenant.id):
        conversation, provider = _found(conversation_id)
        place = opening.place_of(conversation)
        try:
            account = credentials.account_of(place.thread.connection) if place else None
        except UndecryptableError:
            account = None
    if account is None:
        return Offer(conversation, provider, problem=_nobody())
    return _asked(conversation, provider, account)


def _found(conversation_id: UUID) -> tuple[Conversation, Provider]:
    conversation = get_object_or_404(Conversation.objects.select_related("agent"), id=conversation_id)
    provider = installed(conversation.channel)
    if provider is None or not provider.capabilities.templates:
        raise Http404
    return conversation, provider


def _asked(conversation: Conversation, provider: Provider, account: Account) -> Offer:
    try:
        return Offer(conversation, provider, provider.templates(account))
    except DeliveryError as error:
        log.info("The templates for conversation %s: %s", conversation.id, error)
        return Offer(conversation, provider, problem=_problem(error, provider))


def _problem(error: DeliveryError, provider: Provider) -> str:
    if isinstance(error, DeliveryRefusedError) and (error.breaks_connection or error.code in provider.refusals):
        return reasons.right_now(error, provider.name)
    words = _("%(channel)s does not say right now which templates there are. Try again in a minute.")
    return words % {"channel": provider.label}


def _nobody() -> str:
    return _("Nobody can be written to here: the channel does not work, or the conversation went on elsewhere.")


def _send(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Send what was looked at, once."""
    tenant = workspace_of(request).tenant
    ready = preview.opened(request.POST["seal"], conversation_id, request.user.pk)
    with tenant_scope(tenant.id):
        conversation, _provider = _found(conversation_id)
        if ready is None:
            messages.error(request, _("Not sent: the preview is more than an hour old. Fill the template in again."))
            return redirect("workspace:template", tenant.slug, conversation_id)
        thread_id = opening.send(conversation, ready.filled, ready.words, ready.key)
        if thread_id is None:
            messages.error(request, _nobody())
            return redirect("workspace:template", tenant.slug, conversation_id)
        wake_on_commit(deliver, tenant.id, thread_id)
    messages.success(request, _("The template is on its way. What became of it stands below it."))
    return redirect("workspace:conversation", tenant.slug, conversation_id)
