"""402, early and friendly: whatever needs a seat or a subscription says what is missing and where to get it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from billing import standing
from billing.quota import NoSeatError, NotEntitledError, PaymentRequiredError
from billing.web import links
from tenants.http import errors, problems
from tenants.http.authorization import needed_by
from tenants.http.middleware import Workspace
from tenants.scope import tenant_scope


class StandingMiddleware:
    """Refuses what needs a subscription in good standing, and shows the refusals of billing.quota.

    It runs inside WorkspaceMiddleware, which rolls back what a refused view has written.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: object, kwargs: object) -> HttpResponse | None:
        """Before a marked view runs. The view itself turns away those who may not use it."""
        workspace: Workspace | None = getattr(request, "workspace", None)
        if workspace is None or not _is_marked(view, request) or not _may(workspace, request, view):
            return None
        with tenant_scope(workspace.tenant.id):
            reason = standing.current().reason
        return refuse(request, NotEntitledError(reason)) if reason else None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A refusal that the view has not handled itself."""
        return refuse(request, exception) if isinstance(exception, PaymentRequiredError) else None


def refuse(request: HttpRequest, error: PaymentRequiredError) -> HttpResponse:
    """The page or the problem document that says what is missing and where to get it."""
    workspace: Workspace = request.workspace  # type: ignore[attr-defined]
    status = HTTPStatus.PAYMENT_REQUIRED
    if errors.speaks_to_a_machine(request):
        problem = {**errors.problem(status, str(error)), "billing_url": billing_url(workspace)}
        return JsonResponse(problem, status=status, content_type=problems.CONTENT_TYPE)
    with tenant_scope(workspace.tenant.id):
        way = links.to_a_seat(workspace, standing.current(), request.path if request.method == "GET" else "")
    context = {"is_full": isinstance(error, NoSeatError), "detail": str(error), "way": way}
    return render(request, "billing/needed.html", context, status=status)


def billing_url(workspace: Workspace) -> str:
    """The full address of a workspace's billing page."""
    return f"{settings.PUBLIC_URL}{reverse('workspace:billing', args=[workspace.tenant.slug])}"


def _is_marked(view: Any, request: HttpRequest) -> bool:
    return any(request.method in getattr(each, "needs_standing", ()) for each in (view, getattr(view, "cls", None)))


def _may(workspace: Workspace, request: HttpRequest, view: Any) -> bool:
    needed = needed_by(view.cls, str(request.method)) if hasattr(view, "cls") else getattr(view, "writes", None)
    return needed is not None and workspace.allows(needed)
