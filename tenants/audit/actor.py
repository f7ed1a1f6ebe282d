"""Who acts now: set for each request, read by the audit trail."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from tenants.models import ActorKind, ApiToken, User


@dataclass(frozen=True)
class Actor:
    """Who does something, and from where. Without a request it is Roster itself."""

    kind: ActorKind = ActorKind.SYSTEM
    id: UUID | None = None
    name: str = "Roster"
    ip: str = ""
    user_agent: str = ""


SYSTEM = Actor()
_current: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def current() -> Actor:
    """Who acts now."""
    return _current.get()


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Whatever is done inside was done by this actor."""
    token = _current.set(actor)
    try:
        yield
    finally:
        _current.reset(token)


def person(user: User, *, ip: str = "", user_agent: str = "", kind: ActorKind = ActorKind.MEMBER) -> Actor:
    """A person, as member or as staff."""
    return Actor(kind, user.id, user.email, ip, user_agent)


def token(token: ApiToken, *, ip: str = "", user_agent: str = "") -> Actor:
    """A program with an API token."""
    return Actor(ActorKind.TOKEN, token.id, str(token), ip, user_agent)
