"""All of the site's URLs, from the URL resolver, so that new ones are tested automatically."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.admindocs.views import extract_views_from_urlpatterns, simplify_regex
from django.urls import get_resolver
from rest_framework.views import APIView

API = "/api/v1/"
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
MODEL_PAGE = re.compile(r"/admin/\w+/\w+/")
ONE_MODEL = "/admin/tenants/tenant/"
NOBODY = str(UUID(int=7))
SAMPLES = {"workspace": "acme", "step": "channel", "provider": "slack", "endpoint": "events"}


@dataclass(frozen=True)
class Route:
    """A URL with its arguments in angle brackets, the numeric ones, and its view."""

    pattern: str
    view: Callable[..., Any]
    numbers: tuple[str, ...]

    @property
    def arguments(self) -> list[str]:
        return ARGUMENT.findall(self.pattern)

    @property
    def is_api(self) -> bool:
        found = getattr(self.view, "cls", None)
        return isinstance(found, type) and issubclass(found, APIView)

    @property
    def is_csrf_exempt(self) -> bool:
        return bool(getattr(self.view, "csrf_exempt", False))

    def path(self, values: Mapping[str, str] = SAMPLES) -> str:
        """The URL with `values` for its arguments; arguments without one get a nonexistent id."""
        return ARGUMENT.sub(lambda match: values.get(match[1]) or self._nobody(match[1]), self.pattern)

    def _nobody(self, argument: str) -> str:
        return "7" if argument in self.numbers else NOBODY


def all_routes() -> list[Route]:
    """Each URL once, in the resolver's order."""
    found = extract_views_from_urlpatterns(get_resolver().url_patterns)
    views = ((view, str(regex)) for view, regex, *_ in found)
    routes = [Route(_pattern(regex), view, tuple(re.findall(r"<int:(\w+)>", regex))) for view, regex in views]
    return list({route.pattern: route for route in routes}.values())


def kinds_of_routes() -> list[Route]:
    """All routes, but only one model's admin pages, and only one of two API URLs that differ in the trailing slash.

    The others use the same views.
    """
    return [route for route in all_routes() if not _is_one_more(route)]


def _is_one_more(route: Route) -> bool:
    is_another_model = bool(MODEL_PAGE.match(route.pattern)) and not route.pattern.startswith(ONE_MODEL)
    return is_another_model or (route.is_api and f"{route.pattern}/" in _patterns())


@cache
def _patterns() -> frozenset[str]:
    return frozenset(route.pattern for route in all_routes())


def _pattern(regex: str) -> str:
    simple: str = simplify_regex(regex)
    return re.sub(r"<\w+:(\w+)>", r"<\1>", simple).replace("/?", "/")
