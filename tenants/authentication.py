"""Who calls the API: a bearer token, or a member's session with a Roster-Workspace header."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from tenants.middleware import Workspace


class TokenAuthentication(BaseAuthentication):
    """Takes the workspace that the middleware found; a session is checked for CSRF as well."""

    def authenticate(self, request: Request) -> tuple[Any, Workspace] | None:
        workspace: Workspace | None = request._request.workspace  # type: ignore[attr-defined]  # noqa: SLF001
        if workspace is None:
            self.refuse_bad_token(request)
            return None
        if workspace.token is None:
            self.check_csrf(request)
        return workspace.token or request._request.user, workspace  # noqa: SLF001

    def refuse_bad_token(self, request: Request) -> None:
        if request.headers.get("Authorization"):
            raise AuthenticationFailed("This API token is unknown or expired: make a new one under Settings.")

    def check_csrf(self, request: Request) -> None:
        check = CSRFCheck(lambda _request: None)  # type: ignore[arg-type, return-value]
        check.process_request(request._request)  # noqa: SLF001
        reason = check.process_view(request._request, None, (), {})  # type: ignore[arg-type]  # noqa: SLF001
        if reason:
            raise PermissionDenied(f"CSRF check failed: {reason}")

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Roster"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI schema names the token."""

    target_class = "tenants.authentication.TokenAuthentication"
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API token of one workspace."}
