"""Sessions in Postgres, read together with when they were last seen (settings.SESSION_ENGINE)."""

from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone


class SessionStore(db.SessionStore):
    """Django's own. Its name is part of what signs a session, so it stays as it is.

    last_seen_at: when a person who is logged in was seen, as LastSeenMiddleware noted; None before it was read.
    """

    last_seen_at: datetime | None = None

    def load(self) -> dict[str, Any]:
        """The session's data, in one statement with the rest. An expired or unknown session has none."""
        found = _seen().filter(session_key=self.session_key, expire_date__gt=timezone.now()).first()
        if found is None:
            self._session_key = None
            return {}
        self.last_seen_at = found.last_seen_at  # type: ignore[attr-defined]
        return self.decode(found.session_data)


def _seen() -> QuerySet[Session]:
    seen = UserSession.objects.filter(session_key=OuterRef("session_key")).values("last_seen_at")
    return Session.objects.order_by().annotate(last_seen_at=Subquery(seen))
