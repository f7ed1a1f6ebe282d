"""Routes with security holes, planted to prove that the matrix finds them. The product never loads this."""

from uuid import UUID

from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.models import Agent
from channels.models import Route
from config.urls import *  # noqa: F403 - including the handlers
from config.urls import urlpatterns as real
from tenants.http.access import opens_own_scope, requires
from tenants.permissions import Permission
from tenants.scope import tenant_scope


def open_door(request: HttpRequest) -> HttpResponse:
    """Doesn't declare who may call it."""
    return HttpResponse("Come in.")


@requires(Permission.READ)
def through_the_wall(request: HttpRequest) -> HttpResponse:
    """Reads as the role that bypasses row-level security."""
    with connections["staff"].cursor() as cursor:
        cursor.execute("SELECT name FROM agents_agent")
        return HttpResponse(", ".join(name for (name,) in cursor.fetchall()))


@opens_own_scope
@requires(Permission.READ)
def any_connection(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Looks up a connection's tenant in the routes, and enters that scope whoever calls."""
    route = get_object_or_404(Route, connection_id=connection_id)
    with tenant_scope(route.tenant_id):
        Agent.objects.update(job_title="Taken over")
    return HttpResponse("Done.")


@requires(Permission.READ)
def telling(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Answers differently for other workspaces' ids than for ids that don't exist."""
    with connections["staff"].cursor() as cursor:
        cursor.execute("SELECT 1 FROM agents_agent WHERE id = %s", [agent_id])
        if cursor.fetchone() and not Agent.objects.filter(id=agent_id).exists():
            return HttpResponse("This employee works elsewhere.", status=403)
    get_object_or_404(Agent, id=agent_id)
    return HttpResponse("Here.")


class Unguarded(APIView):
    """An API view without a permission."""

    schema = None
    permission_classes = ()

    def get(self, request: Request) -> Response:
        return Response({})


@requires(Permission.MANAGE_EMPLOYEES)
def silent(request: HttpRequest) -> HttpResponse:
    """A change without an audit entry."""
    Agent.objects.update(job_title="Changed")
    return HttpResponse("Done.")


@requires(Permission.READ)
def strange(request: HttpRequest, gadget_id: UUID) -> HttpResponse:
    """Takes an unknown argument."""
    return HttpResponse("")


holes = [
    path("open-door/", open_door),
    path("through-the-wall/", through_the_wall),
    path("any-connection/<uuid:connection_id>/", any_connection),
    path("telling/<uuid:agent_id>/", telling),
    path("silent/", silent),
    path("strange/<uuid:gadget_id>/", strange),
]
urlpatterns = [
    path("t/<slug:workspace>/", include(holes)),
    path("api/v1/unguarded/", Unguarded.as_view()),
    path("nowhere/", open_door),
    *real,
]
