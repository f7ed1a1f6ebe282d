"""The portal's page of a workspace's settings, and confirming its contact address."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tenants.http.access import opens_own_scope, requires, workspace_of
from tenants.mail import contact, outbox
from tenants.mail.contact import ContactError
from tenants.mail.server import MailError
from tenants.models import Tenant
from tenants.permissions import Permission
from tenants.scope import tenant_scope
from tenants.team import profile
from tenants.web.forms import ContactCodeForm, SettingsForm
from tenants.web.views.members import user_of


@opens_own_scope
@requires(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Name, address, time zone, language and contact. A new contact gets a code at once."""
    tenant = Tenant.objects.get(id=workspace_of(request).tenant.id)  # so that the form does not change the page's
    form = SettingsForm(request.POST or None, instance=tenant)
    if request.method == "POST" and form.is_valid():
        try:
            with tenant_scope(tenant.id):
                kept = profile.change(tenant)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Your settings were saved."))
            if "contact_email" in form.changed_data and kept.contact_email:
                _mail_code(request, kept)
            return redirect("workspace:settings", kept.slug)
    return _page(request, form)


@opens_own_scope
@requires(Permission.MANAGE_SETTINGS)
@require_POST
def send_contact_code(request: HttpRequest) -> HttpResponse:
    """Mail a code to the contact address."""
    tenant = workspace_of(request).tenant
    _mail_code(request, tenant)
    return redirect("workspace:settings", tenant.slug)


@opens_own_scope
@requires(Permission.MANAGE_SETTINGS)
@require_POST
def confirm_contact(request: HttpRequest) -> HttpResponse:
    """The code that the contact got."""
    tenant = workspace_of(request).tenant
    form = ContactCodeForm(request.POST)
    if form.is_valid():
        try:
            contact.confirm(tenant, form.cleaned_data["code"])
        except ContactError as error:
            form.add_error("code", str(error))
        else:
            words = _("From now on, %(email)s gets notices.")
            messages.success(request, words % {"email": tenant.contact_email})
            return redirect("workspace:settings", tenant.slug)
    return _page(request, SettingsForm(instance=Tenant.objects.get(id=tenant.id)), form)


def _mail_code(request: HttpRequest, tenant: Tenant) -> None:
    try:
        contact.mail_code(tenant, by=user_of(request))
    except (ContactError, MailError) as error:
        messages.error(request, _("No code was sent to the contact. %(problem)s") % {"problem": error})
    else:
        messages.success(request, _("A code is on its way to %(email)s.") % {"email": tenant.contact_email})


def _page(request: HttpRequest, form: SettingsForm, contact_form: ContactCodeForm | None = None) -> HttpResponse:
    with tenant_scope(workspace_of(request).tenant.id):
        context = {
            "form": form,
            "settings_page": "general",
            "contact_form": contact_form or (ContactCodeForm() if contact.is_code_sent() else None),
            "failed_mails": outbox.failed(),
        }
    is_wrong = form.errors or (contact_form and contact_form.errors)
    return render(request, "tenants/settings.html", context, status=422 if is_wrong else 200)
