"""Where somebody is logged in, and when they were last seen there."""

from collections.abc import Callable
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.clients import client_ip
from tenants.models import User

MOST = 50
"""Sessions of one account at a time."""
AT_ONCE = 1_000
SEEN_EVERY = timedelta(minutes=5)
# What to look for in a User-Agent, in this order: most browsers also claim to be others.
BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "FxiOS": "Firefox", "SamsungBrowser": "Samsung",
            "CriOS": "Chrome", "Chrome/": "Chrome", "Safari/": "Safari"}  # fmt: skip
SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "CrOS": "ChromeOS",
           "Macintosh": "macOS", "Linux": "Linux"}  # fmt: skip


class LastSeenMiddleware:
    """Notes every five minutes that a session is in use. The session itself was read with when it was last seen.

    Allauth's own tracking reads and writes the row on every request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated and request.session.session_key:
            self._note(request, request.session.session_key)
        return self.get_response(request)

    def _note(self, request: HttpRequest, key: str) -> None:
        now = timezone.now()
        seen: datetime | None = getattr(request.session, "last_seen_at", None)
        if seen is None or seen >= now - SEEN_EVERY:
            return
        old = UserSession.objects.filter(session_key=key, last_seen_at__lt=now - SEEN_EVERY)
        old.update(last_seen_at=now, ip=client_ip(request))


def of(user: User) -> QuerySet[UserSession]:
    """Where somebody is logged in, most recently seen first."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    found: QuerySet[UserSession] = UserSession.objects.filter(Exists(alive), user=user)
    return found.order_by("-last_seen_at", "-pk")


def end_oldest(user: User) -> None:
    """End the sessions seen longest ago if somebody has more than MOST."""
    old = list(UserSession.objects.filter(user=user).order_by("-last_seen_at", "-pk")[MOST:][:AT_ONCE])
    Session.objects.filter(session_key__in=[each.session_key for each in old]).delete()
    UserSession.objects.filter(pk__in=[each.pk for each in old]).delete()


def forget_expired(now: datetime) -> None:
    """Delete expired sessions, including those of visitors who never logged in, and what was noted about them.

    A session in use was seen within settings.SESSION_COOKIE_AGE.
    """
    Session.objects.filter(expire_date__lt=now).delete()
    unseen_since = now - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    UserSession.objects.filter(last_seen_at__lt=unseen_since).delete()


def device(user_agent: str) -> str:
    """The browser in words: "Firefox on Windows"."""
    browser = next((name for mark, name in BROWSERS.items() if mark in user_agent), _("Unknown browser"))
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), "")
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser
