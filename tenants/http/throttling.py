"""Rate limits of the API for each caller, counted in Redis and reported in the standard headers.

RateLimit-Policy and RateLimit are those of draft-ietf-httpapi-ratelimit-headers. Each policy is a bucket: `q` requests
at once, filled up again evenly within `w` seconds (the generic cell rate algorithm, in one step inside Redis).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.translation import ngettext
from redis.exceptions import RedisError

from tenants.clients import client_ip, network_of
from tenants.http import errors
from tenants.http.middleware import API, Workspace
from tenants.outbound.breaker import Breaker

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.25
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local fits, states, answer = true, {}, {}
for i, key in ipairs(KEYS) do
  local quota, window = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i]) * 1000
  local full_at = math.max(tonumber(redis.call('GET', key)) or now, now)
  local wait = full_at + window / quota - window - now
  if wait > 0.01 then fits = false end
  states[i] = {full_at, window, window / quota, wait}
end
for i, key in ipairs(KEYS) do
  local full_at, window, step, wait = unpack(states[i])
  if fits then
    full_at = full_at + step
    redis.call('SET', key, string.format('%.3f', full_at), 'PX', math.ceil(full_at - now) + 1)
  end
  local left = math.floor((window - (full_at - now)) / step + 0.001)
  table.insert(answer, {left, math.ceil((full_at - now) / 1000), math.ceil(math.max(wait, 0) / 1000)})
end
return answer
"""
"""Takes one from every bucket, or from none. A bucket is kept as the time at which it will be full again."""


@dataclass(frozen=True)
class Policy:
    """A bucket's size: `quota` requests, filled up within `window` seconds."""

    name: str
    quota: int
    window: int = 60

    def __str__(self) -> str:
        return f'"{self.name}";q={self.quota};w={self.window}'


@dataclass(frozen=True)
class Level:
    """What is left in a bucket, the seconds until it is full, and for how many one has to wait if it was empty."""

    left: int
    full_in: int
    wait: int


class RateLimitMiddleware:
    """Counts each request to the API, including refused ones.

    It runs inside WorkspaceMiddleware, which knows the caller. While Redis is down nobody is limited: the API goes on.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(API):
            return self.get_response(request)
        policies = _policies(request)
        levels = take(_caller(request), policies)
        wait = max((level.wait for level in levels), default=0)
        response = _refusal(request, wait) if wait else self.get_response(request)
        response.headers["RateLimit-Policy"] = ", ".join(map(str, policies))
        if levels:
            response.headers["RateLimit"] = ", ".join(map(_told, policies, levels))
        return response


def take(caller: str, policies: Sequence[Policy]) -> list[Level]:
    """Count one request of this caller. Empty if Redis cannot be reached."""
    if not _breaker.lets_through():
        return []
    keys = [f"roster:limit:{{{caller}}}:{policy.name}" for policy in policies]
    sizes = [size for policy in policies for size in (policy.quota, policy.window)]
    try:
        levels = _redis(settings.REDIS_URL).eval(TAKE, len(keys), *keys, *sizes)
    except RedisError as error:
        _breaker.report(worked=False)
        log.warning("Redis cannot be reached (%s): nobody's requests to the API are limited meanwhile.", error)
        return []
    _breaker.report(worked=True)
    return [Level(*level) for level in levels]


_breaker = Breaker()


@cache
def _redis(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS)


def _workspace(request: HttpRequest) -> Workspace | None:
    return request.workspace  # type: ignore[attr-defined,no-any-return]


def _caller(request: HttpRequest) -> str:
    """A token; a person in a workspace; or the network of somebody who showed no good token."""
    workspace = _workspace(request)
    if workspace is None:
        return f"ip:{network_of(client_ip(request))}"
    return f"token:{workspace.token.id}" if workspace.token else f"user:{request.user.pk}:{workspace.tenant.id}"


def _policies(request: HttpRequest) -> list[Policy]:
    if _workspace(request) is None:
        return [Policy("unknown", settings.API_UNKNOWN_REQUESTS_PER_MINUTE)]
    quota: int = settings.API_REQUESTS_PER_MINUTE
    policies = [Policy("requests", quota), Policy("burst", max(quota // 6, 1), window=1)]
    if _calls_a_provider(request):
        policies.append(Policy("provider", settings.API_PROVIDER_REQUESTS_PER_MINUTE))
    return policies


def _calls_a_provider(request: HttpRequest) -> bool:
    """Views that call one open their own scopes; reading does not count."""
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return False
    return request.method == "POST" and getattr(view, "opens_own_scope", False)


def _told(policy: Policy, level: Level) -> str:
    return f'"{policy.name}";r={level.left};t={level.full_in}'


def _refusal(request: HttpRequest, wait: int) -> HttpResponseBase:
    detail = ngettext(
        "Too many requests: wait %(count)d second, and pace them by the header RateLimit.",
        "Too many requests: wait %(count)d seconds, and pace them by the header RateLimit.",
        wait,
    )
    refusal = errors.answer(request, HTTPStatus.TOO_MANY_REQUESTS, detail % {"count": wait})
    refusal.headers["Retry-After"] = str(wait)
    return refusal
