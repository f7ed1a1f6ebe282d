"""The portal's pages about AI employees."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.employees import hiring
from agents.models import Agent
from agents.web import presence, team
from agents.web.forms import EmployeeForm
from agents.web.onboarding import save
from billing.web import links
from billing.web.access import needs_standing
from tenants.http.access import requires, workspace_of
from tenants.permissions import Permission


@requires(Permission.READ)
@require_GET
def employee_list(request: HttpRequest) -> HttpResponse:
    """Who works here, in the order of seats, and how many seats are taken."""
    found = presence.look(workspace_of(request), request.GET.get("page"))
    way = links.to_a_seat(workspace_of(request), found.standing, request.path)
    return render(request, "agents/employee_list.html", {"team": found, "way": way})


@requires(Permission.MANAGE_EMPLOYEES)
@require_http_methods(["GET", "POST"])
def new_employee(request: HttpRequest) -> HttpResponse:
    """Hire one more. Without a free seat there is no form to fill in."""
    if request.method == "GET":
        team.require_free_seat()
    form = EmployeeForm(request.POST or None)
    return _edit(request, form, Agent())


@requires(Permission.READ, writes=Permission.MANAGE_EMPLOYEES)
@require_http_methods(["GET", "POST"])
def employee(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Read and change an AI employee; those who may not change it see the same without fields."""
    agent = _employed(agent_id)
    if not workspace_of(request).allows(Permission.MANAGE_EMPLOYEES):
        context = {"employee": agent, "silence": presence.of(workspace_of(request), agent)}
        return render(request, "agents/employee_read_only.html", context)
    return _edit(request, EmployeeForm(request.POST or None, instance=agent), agent)


@requires(Permission.MANAGE_EMPLOYEES)
@require_POST
def let_go(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Free the employee's seat; what it said stays readable."""
    agent = _employed(agent_id)
    hiring.let_go(agent)
    messages.success(request, _("%(name)s was let go.") % {"name": agent.name})
    return _back(request)


@requires(Permission.MANAGE_EMPLOYEES)
@require_POST
def pause_employee(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Stop the employee for the time being; its seat becomes free."""
    agent = hiring.pause(_employed(agent_id))
    messages.success(request, _("%(name)s is paused. Its seat is free.") % {"name": agent.name})
    return _back(request)


@needs_standing
@requires(Permission.MANAGE_EMPLOYEES)
@require_POST
def reactivate_employee(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Give the employee a seat again, at the end of the order."""
    agent = hiring.reactivate(_employed(agent_id))
    messages.success(request, _("%(name)s has a seat again.") % {"name": agent.name})
    return _back(request)


@requires(Permission.MANAGE_EMPLOYEES)
@require_POST
def move_employee(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Move the employee up or down in the order of seats."""
    agent = _employed(agent_id)
    hiring.move(agent, up=request.POST.get("way") == "up")
    return _back(request)


def _employed(agent_id: UUID) -> Agent:
    return get_object_or_404(Agent.objects.employed(), id=agent_id)


def _back(request: HttpRequest) -> HttpResponse:
    return redirect("workspace:employees", workspace_of(request).tenant.slug)


def _edit(request: HttpRequest, form: EmployeeForm, agent: Agent) -> HttpResponse:
    is_new = not agent.revision_number
    if request.method == "POST" and form.is_valid() and save(form):
        hired, changed = (
            _("%(name)s is saved and has a seat."),
            _("%(name)s is saved. Changes apply from the next answer on."),
        )
        messages.success(request, (hired if is_new else changed) % {"name": form.instance.name})
        return _back(request)
    silence = None if is_new else presence.of(workspace_of(request), agent)
    context = {"form": form, "employee": agent, "silence": silence}
    return render(request, "agents/employee.html", context, status=form.status)
