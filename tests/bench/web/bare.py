"""A bare Django site under the product's front: a view with one INSERT and an empty one. The product's web's limit."""

import os
from typing import ClassVar
from urllib.parse import urlsplit
from uuid import uuid4

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone

from config.http.front import Front

MOST_BYTES = 4 * 1024 * 1024

_url, _pool = urlsplit(os.environ["BARE_URL"]), int(os.environ["BARE_POOL"])
settings.configure(
    SECRET_KEY="only-for-the-bench",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": _url.hostname,
            "PORT": _url.port,
            "NAME": _url.path[1:],
            "USER": _url.username,
            "PASSWORD": _url.password,
            "CONN_MAX_AGE": 0,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"pool": {"min_size": 1, "max_size": _pool, "timeout": 5} if _pool else False},
        }
    },
)
django.setup()


class Event(models.Model):
    """What the view stores."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.TextField(unique=True)
    payload = models.TextField()
    received_at = models.DateTimeField(default=timezone.now)
    objects: ClassVar[models.Manager["Event"]] = models.Manager()

    class Meta:
        app_label = "bare"
        db_table = "bare_event"
        managed: ClassVar[bool] = False

    def __str__(self) -> str:
        return self.event_id


def insert(request: HttpRequest) -> HttpResponse:
    """Store the body."""
    Event.objects.create(event_id=str(uuid4()), payload=request.body.decode())
    return HttpResponse()


def empty(request: HttpRequest) -> HttpResponse:
    """Do nothing."""
    return HttpResponse()


urlpatterns = [path("insert/", insert), path("empty/", empty)]
application = Front(WSGIHandler(), threads=int(os.environ["WEB_THREADS"]), most_bytes=MOST_BYTES)
