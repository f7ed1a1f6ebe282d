"""The REST API, its limits and its schema."""

from config.settings.base import env

# How much each caller may ask (tenants/http/throttling.py): a token, or a person in a workspace; of those the
# requests by which a provider is called; and an address from which no good token comes.
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

**Who calls.** `Authorization: Bearer <api_token>`: a token belongs to one workspace and has a role.

**Errors** are RFC 9457 problem details: `detail` says what is wrong and the fix, `request_id` finds it in the logs.

**Lists** come in pages: follow `next` until it is null. A query parameter that is not documented is ignored.

**Once only.** Send an `Idempotency-Key` of your own with a POST that creates: repeated within 24 hours by the same \
caller it gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice. The same key with \
another request is refused (422), and while the first is being worked on, so is a repetition (409). An error frees \
the key.

**Limits.** `RateLimit-Policy` names the limits that apply to a request and `RateLimit` what is left of them (`r`) and \
in how many seconds they are full again (`t`). Beyond a limit the answer is 429, with `Retry-After` in seconds.
"""
SPECTACULAR_SETTINGS = {
    "TITLE": "Roster API",
    "DESCRIPTION": DESCRIPTION,
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
}
