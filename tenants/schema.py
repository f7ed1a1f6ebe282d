"""What the OpenAPI schema says about every operation beside what its view says."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework.mixins import ListModelMixin

from tenants.problems import CONTENT_TYPE, ProblemSerializer

REASONS = {
    400: "A field or parameter is not right: see `errors`.",
    401: "No API token, or one that is unknown or expired.",
    403: "The role does not allow this.",
    404: "There is no such thing in this workspace.",
    406: "The API speaks JSON only: the `Accept` header refuses it.",
    413: "The body is too large.",
    415: "The body is not JSON: send `Content-Type: application/json`.",
}


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
        statuses = [401, 403, 406]
        takes_body = self.method in {"POST", "PUT", "PATCH"}
        if takes_body:
            statuses += [400, 413, 415]
        if isinstance(self.view, ListModelMixin) and "{id}" not in self.path:
            statuses.append(400)
        if "{id}" in self.path:
            statuses.append(404)
        return statuses

    def _problem_body(self, status: int, direction: Any) -> dict[str, Any]:
        response = OpenApiResponse(ProblemSerializer, description=REASONS[status])
        body: dict[str, Any] = self._get_response_for_code(  # type: ignore[no-untyped-call]
            response, str(status), [CONTENT_TYPE], direction
        )
        return body
