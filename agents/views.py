"""The portal's pages about AI employees."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents import hiring
from agents.forms import EmployeeForm
from agents.models import Agent
from agents.onboarding import save
from billing import quota
from tenants.access import requires, workspace_of
from tenants.permissions import Permission


@requires(Permission.READ)
@require_GET
def employee_list(request: HttpRequest) -> HttpResponse:
    """Who works here, in the order of hiring, and how many seats are taken."""
    employees = [(agent, quota.is_seated(agent.id)) for agent in Agent.objects.employed()]
    return render(request, "agents/employee_list.html", {"employees": employees, "seats": quota.seats()})


@requires(Permission.MANAGE_EMPLOYEES)
@require_http_methods(["GET", "POST"])
def new_employee(request: HttpRequest) -> HttpResponse:
    """Hire one more."""
    form = EmployeeForm(request.POST or None)
    return _edit(request, form, Agent())


@requires(Permission.READ, writes=Permission.MANAGE_EMPLOYEES)
@require_http_methods(["GET", "POST"])
def employee(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Read and change an AI employee; those who may not change it see the same without fields."""
    agent = get_object_or_404(Agent.objects.employed(), id=agent_id)
    if not workspace_of(request).allows(Permission.MANAGE_EMPLOYEES):
        return render(request, "agents/employee_read_only.html", {"employee": agent})
    return _edit(request, EmployeeForm(request.POST or None, instance=agent), agent)


@requires(Permission.MANAGE_EMPLOYEES)
@require_POST
def let_go(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Free the employee's seat; what it said stays readable."""
    agent = get_object_or_404(Agent.objects.employed(), id=agent_id)
    hiring.let_go(agent)
    messages.success(request, f"{agent.name} was let go.")
    return redirect("workspace:employees", workspace_of(request).tenant.slug)


def _edit(request: HttpRequest, form: EmployeeForm, agent: Agent) -> HttpResponse:
    if request.method == "POST" and form.is_valid() and save(form):
        messages.success(request, f"{form.instance.name} is saved. Changes apply from the next answer on.")
        return redirect("workspace:employees", workspace_of(request).tenant.slug)
    status = 422 if form.errors else 200
    return render(request, "agents/employee.html", {"form": form, "employee": agent}, status=status)
