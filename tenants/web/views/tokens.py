"""API tokens in the portal: listing, making and revoking them."""

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
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST
from django_stubs_ext import StrPromise

from tenants.http.access import requires, workspace_of
from tenants.models import ApiToken, Role, User
from tenants.paging.pages import page_of
from tenants.permissions import Permission
from tenants.team import tokens as verbs
from tenants.team.members import NotAllowedError

LIVES: Sequence[tuple[str, StrPromise]] = (
    ("30", _("In 30 days")),
    ("90", _("In 90 days")),
    ("365", _("In a year")),
    ("", _("Never")),
)


class TokenForm(forms.Form):
    """A new token's name, role and lifetime."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What you use it for, such as “Website”."))
    role = forms.ChoiceField(label=_("Role"))
    life = forms.ChoiceField(label=_("Expires"), choices=LIVES, initial="90", required=False)

    def __init__(self, *args: Any, own_role: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = self.fields["role"]
        role.choices = [(each.value, each.label) for each in Role if own_role.covers(each)]  # type: ignore[attr-defined]
        role.initial = Role.OPERATOR if own_role.covers(Role.OPERATOR) else own_role
        role.help_text = gettext(
            "What it may do. It can never do more than you: if your role shrinks, so does the token's."
        )

    @property
    def chosen_life(self) -> timedelta | None:
        days: str = self.cleaned_data["life"]
        return timedelta(days=int(days)) if days else None


@requires(Permission.MANAGE_TOKENS)
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The workspace's tokens. POST makes one and shows its plain text, this one time."""
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
    """Revoke a token right away."""
    tenant = workspace_of(request).tenant
    try:
        token = verbs.revoke(tenant, token_id, by=cast("User", request.user))
    except ApiToken.DoesNotExist as error:
        raise Http404 from error
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error
    messages.success(request, gettext("The token “%(name)s” was revoked.") % {"name": token.name})
    return redirect("workspace:tokens", tenant.slug)


def _make(request: HttpRequest, form: TokenForm) -> tuple[ApiToken, str] | None:
    """Make the token that a valid form describes. None, with an error on the form, if that is impossible."""
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
    """Answered without a redirect, which would need the token stored somewhere, and never cached."""
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
