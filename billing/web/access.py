"""What a view says about itself: that it makes AI employees work, which takes a subscription that lets them."""

from typing import Any, TypeVar

V = TypeVar("V")

MAKES_WORK = frozenset({"POST", "PUT", "PATCH"})
"""Letting somebody go is possible at any time."""


def needs_standing(view: V) -> V:
    """Mark a view of the portal, or the class of a view of the API: changes are refused early (402) while nobody works.

    billing.quota is the law. This is the kind word before something is looked at or a provider is called.
    """
    marked: Any = view
    marked.needs_standing = MAKES_WORK
    return view
