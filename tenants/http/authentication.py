"""Who calls the API: a bearer token, or a member's session with a Roster-Workspace header."""

from typing import Any, cast

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.request import Request

from tenants.http.middleware import Workspace


def caller_workspace(request: Request) -> Workspace:
    """The workspace that a request to the API was authenticated for."""
    return cast("Workspace", request.auth)


class TokenAuthentication(BaseAuthentication):
    """Takes the workspace that the middleware found; a session is checked for CSRF as well.

    `request.auth` is the Workspace; `request.user` is the ApiToken, or the User of a session.
    """

    def authenticate(self, request: Request) -> tuple[Any, Workspace]:
        workspace: Workspace | None = request._request.workspace  # type: ignore[attr-defined]  # noqa: SLF001
        if workspace is None:
            raise self.refusal(request)
        if workspace.token is None:
            self.check_csrf(request)
        return workspace.token or request._request.user, workspace  # noqa: SLF001

    def refusal(self, request: Request) -> AuthenticationFailed | NotAuthenticated | PermissionDenied:
        """Why the middleware found no workspace: the same for somebody else's as for one that does not exist."""
        if request.headers.get("Authorization"):
            return AuthenticationFailed(
                _("This API token is unknown or expired: send `Authorization: Bearer <api_token>` with a current one.")
            )
        slug = request.headers.get("Roster-Workspace", "")
        if slug and request._request.user.is_authenticated:  # noqa: SLF001
            return PermissionDenied(
                _("You are not in a workspace “%(slug)s”: check the header Roster-Workspace.") % {"slug": slug}
            )
        return NotAuthenticated(
            _("Send `Authorization: Bearer <api_token>`, or with a log-in's session `Roster-Workspace: <slug>`.")
        )

    def check_csrf(self, request: Request) -> None:
        check = CSRFCheck(lambda _request: None)  # type: ignore[arg-type]
        check.process_request(request._request)  # noqa: SLF001
        reason = check.process_view(request._request, None, (), {})  # type: ignore[arg-type]  # noqa: SLF001
        if reason:
            raise PermissionDenied(
                _("The CSRF check failed (%(reason)s): send the header X-CSRFToken.") % {"reason": reason}
            )

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Roster"'
