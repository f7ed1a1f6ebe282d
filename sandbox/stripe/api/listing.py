"""Lists and their pages. https://docs.stripe.com/api/pagination"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api import forms

DEFAULT_LIMIT: Final = 10
PAGING: Final = {
    "limit": forms.Whole(least=1, most=100),
    "starting_after": forms.Text(),
    "ending_before": forms.Text(),
}


def listing(objects: Sequence[JsonObject], url: str, *, limit: int | None = None) -> JsonObject:
    """A list inside an object: its first entries, and the URL of the whole list."""
    return {
        "object": "list",
        "data": list(objects[:limit]),
        "has_more": limit is not None and len(objects) > limit,
        "url": url,
    }


def page(objects: Sequence[JsonObject], url: str, paging: Mapping[str, Any]) -> JsonObject:
    """The page that a request asks for. Raises StripeError for a cursor that is not in the list."""
    if {"starting_after", "ending_before"} <= paging.keys():
        raise invalid("starting_after", "You cannot parameterize both starting_after and ending_before.")
    limit = paging.get("limit", DEFAULT_LIMIT)
    if "ending_before" in paging:
        before = objects[: _place(objects, paging, "ending_before")]
        start = max(len(before) - limit, 0)
        return {**listing(before[start:], url), "has_more": start > 0}
    start = _place(objects, paging, "starting_after") + 1 if "starting_after" in paging else 0
    return listing(objects[start:], url, limit=limit)


def _place(objects: Sequence[JsonObject], paging: Mapping[str, Any], param: str) -> int:
    for place, obj in enumerate(objects):
        if obj["id"] == paging[param]:
            return place
    raise invalid(param, f"No such object: '{paging[param]}'", "resource_missing")
