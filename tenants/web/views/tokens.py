"""API tokens in the portal: which there are, making one, revoking one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from tenants.http.access import requires, workspace_of
from tenants.models import ApiToken, Role, User
from tenants.paging.pages import page_of
from tenants.permissions import Permission
from tenants.team import tokens as verbs
from tenants.team.members import NotAllowedError

LIVES: Sequence[tuple[str, str]] = (
    ("30", "In 30 days"),
    ("90", "In 90 days"),
    ("365", "In a year"),
    ("", "Never"),
)


class TokenForm(forms.Form):
    """What a new token is called, may do, and how long it lives."""

    name = forms.CharField(max_length=80, help_text="For what it is used, such as “Website”.")
    role = forms.ChoiceField()
    life = forms.ChoiceField(label="Expires", choices=LIVES, initial="90", required=False)

    def __init__(self, *args: Any, own_role: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = self.fields["role"]
        role.choices = [(each.value, each.label) for each in Role if own_role.covers(each)]  # type: ignore[attr-defined]
        role.initial = Role.OPERATOR if own_role.covers(Role.OPERATOR) else own_role
        role.help_text = "What it may do, which is never more than you may: if your role changes, so does the token's."

    @property
    def chosen_life(self) -> timedelta | None:
        days: str = self.cleaned_data["life"]
        return timedelta(days=int(days)) if days else None


@requires(Permission.MANAGE_TOKENS)
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The workspace's tokens; POST makes one, whose plain text is on the answer and nowhere else."""
    form = TokenForm(request.POST or None, own_role=workspace_of(request).role)
    if request.method == "POST" and form.is_valid():
        made = _make(request, form)
        if made:
            return _show_once(request, *made)
    page = _page(request)
    context = {"form": form, "page": page, "tokens": _rows(request, page), "settings_page": "tokens"}
    return render(request, "tenants/tokens.html", context, status=422 if form.errors else 200)


@requires(Permission.MANAGE_TOKENS)
@require_POST
def revoke_token(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """End a token at once."""
    tenant = workspace_of(request).tenant
    try:
        token = verbs.revoke(tenant, token_id, by=cast("User", request.user))
    except ApiToken.DoesNotExist as error:
        raise Http404("No such token.") from error
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error
    messages.success(request, f"The token “{token.name}” is revoked.")
    return redirect("workspace:tokens", tenant.slug)


def _make(request: HttpRequest, form: TokenForm) -> tuple[ApiToken, str] | None:
    """The token that a valid form describes; None with an error on the form if it cannot be made."""
    workspace = workspace_of(request)
    if not isinstance(request.user, User):
        return None
    name, role = form.cleaned_data["name"], Role(form.cleaned_data["role"])
    maker = {"maker": request.user, "maker_role": workspace.role}
    try:
        return verbs.make(workspace.tenant, name, role, life=form.chosen_life, **maker)  # type: ignore[arg-type]
    except verbs.TokenError as error:
        form.add_error(error.field, str(error))
        return None


def _show_once(request: HttpRequest, token: ApiToken, plain: str) -> HttpResponse:
    """Not by way of a redirect, since the token would have to be kept somewhere; and never from a cache."""
    context = {"token": token, "plain": plain, "settings_page": "tokens"}
    page = render(request, "tenants/token_made.html", context, status=201)
    page.headers["Cache-Control"] = "no-store"
    return page


@dataclass(frozen=True)
class _Row:
    """A token as the page shows it."""

    token: ApiToken
    is_expired: bool
    may_revoke: bool


def _page(request: HttpRequest) -> Page[ApiToken]:
    found = ApiToken.objects.with_maker().filter(tenant=workspace_of(request).tenant)
    return page_of(request, found.select_related("created_by").order_by("-id"))


def _rows(request: HttpRequest, page: Page[ApiToken]) -> list[_Row]:
    now = timezone.now()
    own = workspace_of(request).role
    return [_Row(token, token.is_expired(now), own.covers(token.rank)) for token in page.object_list]
