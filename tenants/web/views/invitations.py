"""Inviting somebody to a workspace, and the pages behind the link in the mail."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants.http.access import opens_own_scope, requires, workspace_of
from tenants.mail.server import MailError
from tenants.models import Invitation, Membership, Role, User
from tenants.permissions import Permission
from tenants.team import invitations
from tenants.team.invitations import ClosedError
from tenants.team.members import TeamError, article
from tenants.web.forms import InviteForm
from tenants.web.views.members import user_of

LINK = "invitation"
"""The session's key for the digest of the link that was opened in it."""


@opens_own_scope
@requires(Permission.MANAGE_MEMBERS)
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody by e-mail."""
    workspace = workspace_of(request)
    form = InviteForm(request.POST or None, own=workspace.role)
    if request.method == "POST" and form.is_valid():
        try:
            sent = invitations.invite(workspace.tenant, form.cleaned_data["email"], form.chosen, by=user_of(request))
        except TeamError as error:
            form.add_error(None, str(error))
        else:
            return _mailed(request, *sent)
    context = {"form": form, "settings_page": "members"}
    return render(request, "tenants/invitation_new.html", context, status=422 if form.errors else 200)


@opens_own_scope
@requires(Permission.MANAGE_MEMBERS)
@require_POST
def resend(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Send an invitation again, with a new link."""
    try:
        sent = invitations.resend(workspace_of(request).tenant, invitation_id, by=user_of(request))
    except Invitation.DoesNotExist as error:
        raise Http404 from error
    except TeamError as error:
        messages.error(request, str(error))
        return _members(request)
    return _mailed(request, *sent)


@requires(Permission.MANAGE_MEMBERS)
@require_POST
def withdraw(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Make an invitation's link stop working."""
    try:
        gone = invitations.withdraw(workspace_of(request).tenant, invitation_id, by=user_of(request))
    except Invitation.DoesNotExist as error:
        raise Http404 from error
    except TeamError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The invitation to %(email)s was withdrawn.") % {"email": gone.email})
    return _members(request)


@never_cache
@require_GET
def follow(request: HttpRequest, link: str) -> HttpResponse:
    """`/invitations/<link>/`, from the mail: keep the link's digest in the session, and redirect right away.

    So the link appears neither in the log-in page's address nor in the next request's Referer. It changes nothing else,
    since mail scanners follow links too.
    """
    request.session[LINK] = invitations.digest_of(link)
    return redirect("accept_invitation")


@never_cache
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest) -> HttpResponse:
    """`/invitations/`: what the invitation is about. A POST by the owner of its address accepts it."""
    if request.method == "POST" and isinstance(request.user, User):
        try:
            return _join(request, request.user)
        except ClosedError as error:
            return _closed(request, str(error))
        except TeamError:
            pass  # the page says who it is for
    invitation = invitations.open_one(request.session.get(LINK, ""))
    return _show(request, invitation) if invitation else _closed(request)


@never_cache
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Log out, and continue with the invitation as somebody else."""
    digest = request.session.get(LINK, "")
    logout(request)
    request.session[LINK] = digest
    return redirect("accept_invitation")


def _mailed(request: HttpRequest, invitation: Invitation, plain: str) -> HttpResponse:
    try:
        invitations.mail(invitation, plain)
    except MailError as error:
        words = _("%(email)s is invited, but did not get the mail. %(problem)s")
        messages.error(request, words % {"email": invitation.email, "problem": error})
    else:
        words = _("The invitation is on its way to %(email)s. It is valid for seven days.")
        messages.success(request, words % {"email": invitation.email})
    return _members(request)


def _members(request: HttpRequest) -> HttpResponse:
    return redirect("workspace:members", workspace_of(request).tenant.slug)


def _join(request: HttpRequest, user: User) -> HttpResponse:
    membership = invitations.accept(request.session.get(LINK, ""), user)
    request.session.pop(LINK, None)
    words = _("You are now %(role)s of %(workspace)s.")
    role = article(Role(membership.role))
    messages.success(request, words % {"role": role, "workspace": membership.tenant.name})
    return redirect("workspace:home", membership.tenant.slug)


def _show(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    user = request.user if isinstance(request.user, User) else None
    way = urlencode({"email": invitation.email, "next": reverse("accept_invitation")})
    context = {
        "invitation": invitation,
        "role": article(Role(invitation.role)),
        "is_for_you": bool(user and invitations.is_for(invitation, user)),
        "is_member": bool(user and Membership.objects.filter(tenant=invitation.tenant, user=user).exists()),
        "signup_url": f"{reverse('account_signup')}?{way}",
        "login_url": f"{reverse('account_login')}?{way}",
    }
    return render(request, "tenants/invitation.html", context)


def _closed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "tenants/invitation_closed.html", {"reason": reason}, status=404)
