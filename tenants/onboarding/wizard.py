"""The wizard's frame: which steps it has and which comes next. Each app owns its own step."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string
from django_stubs_ext import StrPromise

from tenants.http.middleware import Workspace


class Step(Protocol):
    """One screen of the wizard. Its state is computed from data, never stored as a position."""

    slug: ClassVar[str]
    title: ClassVar[StrPromise | str]
    minutes: ClassVar[StrPromise | str]

    def is_done(self, workspace: Workspace) -> bool:
        """Does the workspace have what this step is for? Called inside the tenant's scope."""
        ...

    def view(self, request: HttpRequest) -> HttpResponseBase:
        """Show the step, or process its form."""
        ...


def steps() -> Sequence[Step]:
    """The wizard's steps in order, from settings.ONBOARDING_STEPS."""
    return [import_string(path)() for path in settings.ONBOARDING_STEPS]


def step_named(slug: str) -> Step | None:
    return next((step for step in steps() if step.slug == slug), None)


def next_step(workspace: Workspace) -> Step | None:
    """The first step that is not done; None if all are. Call it inside the tenant's scope."""
    return next((step for step in steps() if not step.is_done(workspace)), None)


def step_after(slug: str) -> Step | None:
    """The step that follows the named one."""
    order = steps()
    position = next(index for index, step in enumerate(order) if step.slug == slug)
    return order[position + 1] if position + 1 < len(order) else None
