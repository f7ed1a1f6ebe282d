"""Health endpoints: is the process alive, can it serve, is it keeping up?"""

from datetime import datetime

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from channels.models import Delivery, InboxEvent
from tenants.jobs.sweeps import LAST_SWEEP
from tenants.scope import sweeper_scope

SWEEP_STALE_SECONDS = 30


def livez(request: HttpRequest) -> HttpResponse:
    """200 while the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """200 while Postgres answers. Redis is not checked, because events are still accepted while it is down."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("Postgres does not answer: check DATABASE_URL.\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


def healthz(request: HttpRequest) -> JsonResponse:
    """What to alert on: the age in seconds of the oldest waiting event and delivery, Redis, and the last sweep.

    Beat publishes a sweep every few seconds and a worker runs it, so if the last one is old, one of them is down.
    """
    now = timezone.now()
    try:
        event, delivery = _oldest()
    except DatabaseError:
        return JsonResponse({"postgres": "does not answer: check DATABASE_URL"}, status=503)
    is_up, swept = _redis_answers(), cache.get(LAST_SWEEP)
    works = swept is not None and now.timestamp() - swept < SWEEP_STALE_SECONDS
    return JsonResponse(
        {
            "oldest_event_seconds": _age(event, now),
            "oldest_delivery_seconds": _age(delivery, now),
            "redis": "ok" if is_up else "does not answer",
            "workers": "ok" if works else "no worker has swept lately: check the worker and beat",
        },
        status=200 if is_up and works else 503,
    )


def _oldest() -> tuple[datetime | None, datetime | None]:
    """When the oldest waiting event came in, and when the oldest unfinished delivery was due."""
    with sweeper_scope():
        events = InboxEvent.objects.filter(state__in=InboxEvent.OPEN)
        deliveries = Delivery.objects.filter(state__in=[Delivery.State.PENDING, Delivery.State.SENDING])
        return (
            events.aggregate(oldest=Min("received_at"))["oldest"],
            deliveries.aggregate(oldest=Min("next_attempt_at"))["oldest"],
        )


def _age(then: datetime | None, now: datetime) -> float:
    return max(0.0, round((now - then).total_seconds(), 1)) if then else 0.0


def _redis_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
