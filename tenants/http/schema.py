"""What the OpenAPI schema says about every operation, in addition to what its view says."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from tenants.http.problems import CONTENT_TYPE

REASONS = {
    400: "A field, parameter or header is not right: see `errors`.",
    401: "No API token, or one that is unknown or expired.",
    403: "The role does not allow this.",
    404: "There is no such thing in this workspace.",
    406: "The API speaks JSON only: the `Accept` header refuses it.",
    413: "The body is too large.",
    409: "The request with this `Idempotency-Key` is still being worked on: repeat it in a moment.",
    415: "The body is not JSON: send `Content-Type: application/json`.",
    422: "This `Idempotency-Key` was sent with another request.",
    429: "Too many requests: wait `Retry-After` seconds.",
}


ONCE = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="A name of your own for this request, such as a UUID: repeated with it, nothing is done twice.",
)
LIMITS = (
    OpenApiParameter(
        "Retry-After", int, OpenApiParameter.HEADER, response=[429], description="Seconds after which to try again."
    ),
    OpenApiParameter(
        "RateLimit",
        str,
        OpenApiParameter.HEADER,
        response=[429],
        description="What is left of each limit, and until when.",
    ),
)


class ProblemSerializer(serializers.Serializer[Any]):
    """What went wrong, and what to do: RFC 9457 problem details."""

    type = serializers.CharField(help_text="`about:blank`: the status says what kind of problem it is.")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField(help_text="The HTTP status.")
    detail = serializers.CharField(help_text="The thing that is wrong and the fix, in a sentence.")
    request_id = serializers.CharField(help_text="Tell us this if you ask for help: it finds the request in the logs.")
    errors = serializers.DictField(  # type: ignore[assignment]  # a field, where DRF's own base has a property
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="For 400: what is wrong with each field or parameter, by its name.",
    )
    billing_url = serializers.URLField(
        required=False, help_text="For 402: the page on which an owner or admin can pay for what is missing."
    )


def problem(status: int, reason: str) -> dict[tuple[int, str], OpenApiResponse]:
    """A problem that an operation may answer with, for `responses` of extend_schema."""
    return {(status, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, description=reason)}


class ProblemSchema(AutoSchema):
    """Adds the problems that any operation of its kind may answer with."""

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._problem_statuses():
            bodies.setdefault(str(status), self._problem_body(status, direction))
        return dict(sorted(bodies.items()))

    def _problem_statuses(self) -> list[int]:
        statuses = [400, 401, 403, 406, 429]
        if self.method in {"POST", "PUT", "PATCH"}:
            statuses += [413, 415]
        if self._is_idempotent():
            statuses += [409, 422]
        if "{" in self.path:
            statuses.append(404)
        return statuses

    def _is_idempotent(self) -> bool:
        """Does the method that answers honour Idempotency-Key (tenants.http.idempotency)?"""
        method = getattr(self.view, getattr(self.view, "action", None) or str(self.method).lower(), None)
        return getattr(method, "is_idempotent", False)

    def get_override_parameters(self) -> list[Any]:
        return [*super().get_override_parameters(), *LIMITS, *([ONCE] if self._is_idempotent() else [])]

    def _problem_body(self, status: int, direction: Any) -> dict[str, Any]:
        response = OpenApiResponse(ProblemSerializer, description=REASONS[status])
        body: dict[str, Any] = self._get_response_for_code(  # type: ignore[no-untyped-call]
            response, str(status), [CONTENT_TYPE], direction
        )
        return body


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI schema names the two ways in."""

    target_class = "tenants.http.authentication.TokenAuthentication"
    name = ["apiToken", "session"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "An API token of one workspace."},
            {
                "type": "apiKey",
                "in": "cookie",
                "name": settings.SESSION_COOKIE_NAME,
                "description": "A member's log-in. It needs the header `Roster-Workspace: <slug>`, "
                "and for writing `X-CSRFToken`.",
            },
        ]
