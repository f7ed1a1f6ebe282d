"""The REST API, its limits and its schema."""

from config.settings.base import env

# How many requests each caller may make (tenants/http/throttling.py): a token, or a person in a workspace; how many
# of those may call a provider; and how many an IP address may make without a valid token.
API_REQUESTS_PER_MINUTE = env.quota("API_REQUESTS_PER_MINUTE", "600")
API_PROVIDER_REQUESTS_PER_MINUTE = env.quota("API_PROVIDER_REQUESTS_PER_MINUTE", "30")
API_UNKNOWN_REQUESTS_PER_MINUTE = env.quota("API_UNKNOWN_REQUESTS_PER_MINUTE", "60")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.http.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.http.authorization.InWorkspace"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tenants.http.parsers.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "tenants.http.pagination.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "tenants.http.problems.problem_response",
    "PAGE_SIZE": 50,
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": None,
}
DESCRIPTION = """\
AI employees, their channels, conversations and usage.

**Authentication.** `Authorization: Bearer <api_token>`: a token belongs to one workspace and has a role.

**Errors** are RFC 9457 problem details: `detail` says what is wrong and how to fix it; `request_id` finds it in the \
logs.

**Lists** come in pages: follow `next` until it is null. A query parameter that is not documented is ignored.

**Idempotency.** Send an `Idempotency-Key` of your choice with a POST that creates something. If the same caller \
repeats the request within 24 hours, it gets the first response again, with `Idempotent-Replayed: true`, and nothing \
is done twice. The same key with a different request is refused (422), and so is a repeat while the first request is \
still running (409). An error releases the key.

**Limits.** `RateLimit-Policy` names the limits that apply to a request, and `RateLimit` says what is left (`r`) and \
in how many seconds the limit is full again (`t`). Above a limit the response is 429, with `Retry-After` in seconds.
"""
SPECTACULAR_SETTINGS = {
    "TITLE": "Roster API",
    "DESCRIPTION": DESCRIPTION,
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ChannelStateEnum": "channels.models.connections.Connection.State",
        "ProbeStateEnum": "channels.models.probes.State",
        "ProbeMoveEnum": "channels.models.probes.Move",
    },
}
