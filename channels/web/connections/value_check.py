"""Checking one value at its provider as soon as it is pasted: the answer is what stands beside its field."""

from collections.abc import Mapping
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from channels.connections import drafts, routes
from channels.models import ConnectionDraft
from channels.providers.base import DeliveryError, Provider
from channels.providers.connecting import Field, Form, State, Verdict
from channels.web import connecting, setup
from channels.web.forms import LONGEST_ENTRY
from tenants.http.access import opens_own_scope, requires, workspace_of
from tenants.models import Tenant
from tenants.permissions import Permission
from tenants.scope import tenant_scope


@opens_own_scope
@requires(Permission.MANAGE_CHANNELS)
@require_POST
def check(request: HttpRequest, provider: str, draft_id: UUID, field: str) -> HttpResponse:
    """What the provider says about one value, which is kept unless it is a secret that is wrong. Echoes no secret."""
    its, form, about = _asked(provider, field)
    draft = setup.draft_of(request, its, draft_id)
    known, value = setup.known_of(draft), request.POST.get(field, "").strip()[:LONGEST_ENTRY]
    said = value or known.get(field, "")
    if not said:
        return HttpResponse()
    tenant = workspace_of(request).tenant
    with timezone.override(tenant.time_zone):
        verdict = _verdict(its, form, field, {**known, field: said})
    verdict = _unless_taken(tenant, its, verdict)
    if value:
        _keep(tenant, draft, about, value, verdict)
    return render(request, "channels/verdict.html", {"verdict": verdict, "field": about, "asks": form.asks})


def _asked(provider: str, field: str) -> tuple[Provider, Form, Field]:
    its = connecting.known(provider)
    found = [each for each in its.form.fields if each.name == field] if its.form else []
    if its.form is None or not found:
        raise Http404
    return its, its.form, found[0]


def _verdict(provider: Provider, form: Form, field: str, values: Mapping[str, str]) -> Verdict:
    try:
        return form.check(field, values)
    except DeliveryError:  # its own words are for staff
        words = _("%(asks)s does not respond right now") % {"asks": form.asks}
        then = _("Your value is kept, and nothing is wrong with it as far as we know. We ask again every 20 s.")
        return Verdict(State.WARN, words, then, is_down=True)


def _unless_taken(tenant: Tenant, provider: Provider, verdict: Verdict) -> Verdict:
    """Another workspace has what was found, and did not release it."""
    if not verdict.account:
        return verdict
    with tenant_scope(tenant.id):
        if routes.is_free(provider.name, verdict.account):
            return verdict
    return Verdict(
        State.BAD,
        _("It is connected to another workspace of Roster"),
        _("Somebody who manages channels there has to release it, on its page under Channels. Then connect it here."),
    )


def _keep(tenant: Tenant, draft: ConnectionDraft, field: Field, value: str, verdict: Verdict) -> None:
    is_kept = not field.is_secret or verdict.state is not State.BAD
    with tenant_scope(tenant.id):
        drafts.keep(draft, field.name, value if is_kept else "")
