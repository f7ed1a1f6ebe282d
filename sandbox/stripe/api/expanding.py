"""`expand`: replace ids with their objects. https://docs.stripe.com/api/expanding_objects

A property that exists only on request, such as a customer's `subscriptions`, has an expander: a module exposes
`EXPANDERS`, which maps an object's type and the property to a function that returns its value. A property of a hash
inside the object is named with its path: `total_details.breakdown`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject

DEEPEST: Final = 4
Expanders = Mapping[tuple[str, str], Callable[[Stripe, JsonObject], Any]]


def expand(peer: Stripe, answer: JsonObject, paths: Iterable[str], expanders: Expanders) -> JsonObject:
    """Replace ids with objects along each path. Raises StripeError for properties that can't be expanded."""
    for path in paths:
        names = path.split(".")
        if len(names) > DEEPEST:
            message = f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}"
            raise invalid("expand", message)
        _walk(_Walk(peer, expanders, path), answer, names)
    return answer


class _Walk:
    """The walk down one path."""

    def __init__(self, peer: Stripe, expanders: Expanders, path: str) -> None:
        self.peer, self.expanders, self.path = peer, expanders, path
        self.owner: JsonObject = {}
        self.inside: list[str] = []

    def value(self, obj: JsonObject, name: str) -> Any:
        """The value of that name, expanded."""
        if "object" in obj:
            self.owner, self.inside = obj, []
        self.inside.append(name)
        special = self.expanders.get((str(self.owner.get("object")), ".".join(self.inside)))
        if special and not isinstance(obj.get(name), dict):
            return special(self.peer, self.owner)
        if name not in obj:
            raise self.refusal()
        value = obj[name]
        if isinstance(value, str):
            return self._found(value)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return [self._found(item) for item in value]
        return value

    def _found(self, object_id: str) -> JsonObject:
        found = self.peer.store.find(object_id)
        if found is None:
            raise self.refusal()
        return found

    def refusal(self) -> Exception:
        """400: the property doesn't refer to an object."""
        return invalid("expand", f"This property cannot be expanded ({self.path}).")


def _walk(walk: _Walk, obj: JsonObject, names: list[str]) -> None:
    obj[names[0]] = value = walk.value(obj, names[0])
    if len(names) == 1 or value is None:
        return
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict):
            raise walk.refusal()
        if not item.get("deleted"):
            _walk(walk, item, names[1:])
