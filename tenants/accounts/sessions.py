"""Where somebody is logged in, and when they were last seen there."""

from collections.abc import Callable
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from tenants.clients import client_ip
from tenants.models import User

MOST = 50
"""Sessions of one account at a time."""
AT_ONCE = 1_000
SEEN_EVERY = timedelta(minutes=5)
# What stands in a User-Agent, in the order in which to look: most browsers also claim to be others.
BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "FxiOS": "Firefox", "SamsungBrowser": "Samsung",
            "CriOS": "Chrome", "Chrome/": "Chrome", "Safari/": "Safari"}  # fmt: skip
SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "CrOS": "ChromeOS",
           "Mac OS X": "macOS", "Linux": "Linux"}  # fmt: skip


class LastSeenMiddleware:
    """Notes every five minutes that a session is in use: one UPDATE that mostly finds no row, no write besides.

    Allauth's own tracking reads and writes the row at each request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated and request.session.session_key:
            self._note(request, request.session.session_key)
        return self.get_response(request)

    def _note(self, request: HttpRequest, key: str) -> None:
        now = timezone.now()
        old = UserSession.objects.filter(session_key=key, last_seen_at__lt=now - SEEN_EVERY)
        old.update(last_seen_at=now, ip=client_ip(request))


def of(user: User) -> QuerySet[UserSession]:
    """Where somebody is logged in, seen last first."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    found: QuerySet[UserSession] = UserSession.objects.filter(Exists(alive), user=user)
    return found.order_by("-last_seen_at", "-pk")


def end_oldest(user: User) -> None:
    """Of more sessions than one person needs, the ones that were seen longest ago are over."""
    old = list(UserSession.objects.filter(user=user).order_by("-last_seen_at", "-pk")[MOST:][:AT_ONCE])
    Session.objects.filter(session_key__in=[each.session_key for each in old]).delete()
    UserSession.objects.filter(pk__in=[each.pk for each in old]).delete()


def forget_expired(now: datetime) -> None:
    """Delete sessions that are over, also of strangers who never logged in, and what was noted about them.

    A session in use was seen within settings.SESSION_COOKIE_AGE.
    """
    Session.objects.filter(expire_date__lt=now).delete()
    unseen_since = now - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    UserSession.objects.filter(last_seen_at__lt=unseen_since).delete()


def device(user_agent: str) -> str:
    """What a browser calls itself, in words for people: "Firefox on Windows"."""
    browser = next((name for mark, name in BROWSERS.items() if mark in user_agent), "Unknown browser")
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser
