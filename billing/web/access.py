"""How a view says that it makes AI employees work, which needs a subscription that allows it."""

from typing import Any, TypeVar

V = TypeVar("V")

MAKES_WORK = frozenset({"POST", "PUT", "PATCH"})
"""Letting somebody go is always possible."""


def needs_standing(view: V) -> V:
    """Mark a portal view, or the class of an API view: changes are refused early (402) while nobody works.

    billing.quota makes the decision. This is the friendly answer before anything is looked up or a provider is called.
    """
    marked: Any = view
    marked.needs_standing = MAKES_WORK
    return view
