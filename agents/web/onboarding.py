"""The wizard's step about the AI employee."""

from typing import ClassVar

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from agents.employees import hiring
from agents.models import Agent
from agents.web import team
from agents.web.forms import EmployeeForm
from billing.quota import PaymentRequiredError
from tenants.http.access import workspace_of
from tenants.http.middleware import Workspace
from tenants.onboarding.wizard import step_after
from tenants.scope import tenant_scope


class SetUpEmployee:
    """Step 2: name, role and instructions; it takes a seat at once."""

    slug: ClassVar[str] = "employee"
    title: ClassVar[StrOrPromise] = _("Set up your AI employee")
    minutes: ClassVar[StrOrPromise] = _("About 3 minutes")

    def is_done(self, workspace: Workspace) -> bool:
        return workspace.once(team.on_duty) is not None

    def view(self, request: HttpRequest) -> HttpResponseBase:
        tenant = workspace_of(request).tenant
        with tenant_scope(tenant.id):
            form = EmployeeForm(request.POST or None, instance=Agent.objects.on_duty())
            if request.method == "POST" and form.is_valid() and save(form):
                following = step_after(self.slug)
                return redirect("workspace:onboarding_step", tenant.slug, following.slug if following else self.slug)
            context = {"step": self, "form": form}
            return render(request, "agents/onboarding_employee.html", context, status=form.status)


def save(form: EmployeeForm) -> bool:
    """Hire or change the employee that a valid form describes. False with an error on the form if that cannot be."""
    agent = form.save(commit=False)
    try:
        if agent.revision_number:
            hiring.change(agent)
        else:
            hiring.hire(agent)
    except PaymentRequiredError as error:
        form.add_error(None, str(error))
        form.is_unpaid = True
        return False
    except Agent.DoesNotExist:
        gone = gettext("%(name)s has been let go in the meantime: go back to the list.")
        form.add_error(None, gone % {"name": agent.name})
        return False
    return True
