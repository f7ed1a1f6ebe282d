"""Who may do what through the API: reading takes any role, writing the operator's."""

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from tenants.middleware import Workspace
from tenants.models import Role

if TYPE_CHECKING:  # DRF loads this module while it loads its views
    from rest_framework.views import APIView


class InWorkspace(BasePermission):
    """The caller belongs to a workspace, with a role that covers what the method does."""

    message = "Your role does not allow this: it takes an operator, an admin or an owner."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        workspace = request.auth
        if not isinstance(workspace, Workspace):
            return False
        return workspace.allows(Role.VIEWER if request.method in SAFE_METHODS else Role.OPERATOR)
