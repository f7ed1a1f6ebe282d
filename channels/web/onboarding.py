"""The wizard's steps about channels: connect one, and send a test message through it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from agents.models import Agent
from agents.web import presence as agents_presence
from channels import reasons
from channels.messages import test_messages
from channels.messages.test_messages import NotReadyError
from channels.models import Connection, InboxEvent
from channels.providers.base import DeliveryError, Provider
from channels.providers.registry import provider_named, providers
from channels.providers.shapes.sending import Account
from channels.tasks import dispatch
from channels.web import connecting, presence
from channels.web.forms import TestMessageForm
from tenants.http.access import workspace_of
from tenants.http.middleware import Workspace
from tenants.scope import tenant_scope
from tenants.tasks import ring

HELLO = _("Hello! What can you help me with?")
WRITTEN_WITHIN = timedelta(hours=1)
"""How far back a message counts as the test, on a channel that has been connected for longer."""
NEWEST = 5
"""Connections that the step shows; the page of channels has all."""


class ConnectChannel:
    """Step 1: where people will talk to the AI employee."""

    slug: ClassVar[str] = "channel"
    title: ClassVar[StrOrPromise] = _("Connect a channel")
    minutes: ClassVar[StrOrPromise] = _("About 2 minutes")

    def is_done(self, workspace: Workspace) -> bool:
        return presence.is_connected(workspace)

    def view(self, request: HttpRequest) -> HttpResponseBase:
        tenant = workspace_of(request).tenant
        if request.method == "POST":
            return connecting.start(request, self.chosen(request))
        with tenant_scope(tenant.id):
            active = Connection.objects.filter(state=Connection.State.ACTIVE).order_by("-connected_at")
            connected = list(active[:NEWEST])
            losses = presence.losses(workspace_of(request))
        known = [*connected, *(loss.connection for loss in losses)]
        provider = provider_named(known[0].provider) if known else connecting.spoken_of()
        offers = connecting.offers()
        context = {
            "step": self,
            "connections": connected,
            "losses": losses,
            "offers": [(each, connecting.words_of(each)) for each in offers],
            "chosen": _asked_for(request, offers),
            "own_apps": [(each, connecting.words_of(each)) for each in connecting.own_apps()],
            "channel": provider.label,
            "app_name": provider.speaks_as,
            "words": connecting.words_of(provider),
            "redirect_url": f"{settings.PUBLIC_URL}{reverse('come_back', args=[provider.name])}",
            "problem": request.session.pop(connecting.PROBLEM, ""),
        }
        return render(request, "channels/onboarding_channel.html", context)

    def chosen(self, request: HttpRequest) -> Provider:
        """The channel that the operator picked, or the only one."""
        offers = {each.name: each for each in connecting.offers()}
        return offers.get(request.POST.get("provider", "")) or connecting.spoken_of()


def _asked_for(request: HttpRequest, offers: Sequence[Provider]) -> str:
    """The channel that a link chose, or the first one."""
    names = [each.name for each in offers]
    asked = request.GET.get("provider", "")
    return asked if asked in names else next(iter(names), "")


def _moment(text: str) -> datetime | None:
    """An ISO time with its zone; None for anything else."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and timezone.is_aware(found) else None


class SendTestMessage:
    """Step 3: a real question, really answered."""

    slug: ClassVar[str] = "test"
    title: ClassVar[StrOrPromise] = _("Send a test message")
    minutes: ClassVar[StrOrPromise] = _("About 1 minute")

    def is_done(self, workspace: Workspace) -> bool:
        first = [each.name for each in providers() if each.capabilities.people_write_first]
        tests = InboxEvent.objects.filter(Q(is_test=True) | Q(provider__in=first))
        return tests.filter(state=InboxEvent.State.DONE, run__state="answered", run__cause="").exists()

    def view(self, request: HttpRequest) -> HttpResponseBase:
        tenant = workspace_of(request).tenant
        with tenant_scope(tenant.id):
            active = Connection.objects.filter(state=Connection.State.ACTIVE).select_related("agent")
            connection = active.order_by("connected_at").first()
            agent = connection.answering_agent() if connection else None
        if connection is None:
            return redirect("workspace:onboarding_step", tenant.slug, ConnectChannel.slug)
        if agent is None:
            return redirect("workspace:onboarding", tenant.slug)
        if provider_named(connection.provider).capabilities.people_write_first:
            return self.wait(request, connection, agent)
        form = TestMessageForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self.send(request, connection, agent, form)
        return self.show(request, connection, agent, form)

    def send(
        self, request: HttpRequest, connection: Connection, agent: Agent, form: TestMessageForm
    ) -> HttpResponseBase:
        tenant = workspace_of(request).tenant
        try:
            sent = test_messages.send(tenant.id, connection.id, form.cleaned_data["text"])
        except NotReadyError as error:
            form.add_error(None, str(error))
            return self.show(request, connection, agent, form)
        except DeliveryError as error:
            form.add_error(None, reasons.right_now(error, connection.provider))
            return self.show(request, connection, agent, form)
        ring(dispatch, delay=sent.quiet_seconds)
        return redirect(f"{request.path}?event={sent.event_id}")

    def show(
        self, request: HttpRequest, connection: Connection, agent: Agent, form: TestMessageForm
    ) -> HttpResponseBase:
        """The form with the latest test message's progress; htmx asks for the progress alone."""
        with tenant_scope(workspace_of(request).tenant.id):
            progress = self.progress(request)
            is_partial = bool(request.headers.get("HX-Request"))
            if is_partial and progress and not progress.is_over:
                return HttpResponse(status=204)  # htmx leaves the page as it is, so nothing is read out again
            context = self.context(request, connection, agent, progress) | {"form": form}
            template = "channels/onboarding_test.html"
            return render(request, f"{template}#progress" if is_partial else template, context)

    def wait(self, request: HttpRequest, connection: Connection, agent: Agent) -> HttpResponseBase:
        """Where people write first: the way there, and what came of the newest message that somebody wrote."""
        tenant, now = workspace_of(request).tenant, timezone.now()
        since = _moment(request.GET.get("since", "")) or max(connection.connected_at, now - WRITTEN_WITHIN)
        with tenant_scope(tenant.id):
            event = test_messages.written(connection, since).first()
            progress = test_messages.progress_of(event) if event else None
            seen = "" if progress is None else "settled" if progress.is_settled else progress.event.state
            is_partial = bool(request.headers.get("HX-Request"))
            if is_partial and seen == request.GET.get("seen", ""):
                return HttpResponse(status=204)  # as above
            account = Account("", connection.bot_user_id, connection.installer_id)  # a link needs no credential
            url = provider_named(connection.provider).writing_url(account, str(HELLO))
            query = urlencode({"since": since.isoformat(), "seen": seen})
            more = {"writing_url": url, "number": account.installer_id, "again": now.isoformat(), "poll": f"?{query}"}
            context = self.context(request, connection, agent, progress) | more
            template = "channels/onboarding_wait.html"
            return render(request, f"{template}#waiting" if is_partial else template, context)

    def context(
        self, request: HttpRequest, connection: Connection, agent: Agent, progress: test_messages.Progress | None
    ) -> dict[str, Any]:
        provider = provider_named(connection.provider)
        return {
            "step": self,
            "connection": connection,
            "agent": agent,
            "progress": progress,
            "channel": provider.label,
            "app_name": provider.speaks_as,
            "words": connecting.words_of(provider),
            "account_url": provider.account_url(connection.external_id),
            "can_look_up": provider.capabilities.looks_up_every is not None,
            "silence": agents_presence.of(workspace_of(request), agent),
        }

    def progress(self, request: HttpRequest) -> test_messages.Progress | None:
        events = test_messages.sent()
        wanted = request.GET.get("event")
        try:
            event = events.filter(id=wanted).first() if wanted else events.first()
        except (ValidationError, ValueError):
            event = None
        return test_messages.progress_of(event) if event else None
