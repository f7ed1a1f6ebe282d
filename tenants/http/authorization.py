"""Who may do what through the API, by the same table as in the portal."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from tenants.http.middleware import Workspace
from tenants.permissions import Permission, refusal

if TYPE_CHECKING:  # DRF loads this module while it loads its views
    from django_stubs_ext import StrOrPromise
    from rest_framework.views import APIView


class InWorkspace(BasePermission):
    """The caller belongs to a workspace, with a role that covers what the method does.

    A view says so by its attributes `reads` and `writes`; what it does not name, nobody may do.
    """

    message: "StrOrPromise" = _("Your role does not allow this.")

    def has_permission(self, request: Request, view: "APIView") -> bool:
        workspace, needed = request.auth, needed_by(view, request.method or "")
        if not isinstance(workspace, Workspace):
            return False
        if needed is None:
            return request.method not in view.allowed_methods  # which is answered by 405 in a moment
        self.message = refusal(needed)
        return workspace.allows(needed)


def needed_by(view: object, method: str) -> Permission | None:
    """The permission that a view of the API takes for this method; None if it names none."""
    if method == "OPTIONS":
        return Permission.READ
    return getattr(view, "reads" if method in SAFE_METHODS else "writes", None)
