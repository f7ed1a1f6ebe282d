"""A person's own pages beyond allauth's: the overview, address changes, sessions, and proof by mail."""

from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.manage_email import add_email, sync_user_email_address
from allauth.account.internal.flows.reauthentication import (
    is_reauthentication_required,
    raise_if_reauthentication_required,
)
from allauth.account.views import BaseReauthenticateView, password_set
from allauth.decorators import rate_limit
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import get_adapter as get_social_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.generic.base import ContextMixin

from tenants.accounts import sessions
from tenants.accounts.forms import AddEmailForm
from tenants.accounts.mailed_codes import EmailChange, MailedCode, Reauthentication
from tenants.mail.server import MailError
from tenants.models import User


# The list needs a log-in; to end sessions, people must prove again who they are (OWASP ASVS 5.0, 7.5.2).
class SessionsView(ListUserSessionsView):  # type: ignore[misc]
    """Allauth's, with one query for all sessions instead of one for each."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = list(sessions.of(_person(self.request))[: sessions.MOST])
        more = {"form": None, "sessions": found, "session_count": len(found)}
        return {**ContextMixin.get_context_data(self, **kwargs), **more}


session_list = reauthentication_required(allow_get=True, app="allauth.account")(login_required(SessionsView.as_view()))


@login_required
@require_GET
def security(request: HttpRequest) -> HttpResponse:
    """The overview: how somebody logs in, and where they are logged in."""
    steps = [each.type for each in Authenticator.objects.filter(user=request.user)]
    context = {
        "has_app": Authenticator.Type.TOTP in steps,
        "passkeys": steps.count(Authenticator.Type.WEBAUTHN),
        "sessions": sessions.of(_person(request)).count(),
        "connected": SocialAccount.objects.filter(user=request.user),
        "can_connect": bool(get_social_adapter().list_providers(request)),
    }
    return render(request, "account/security.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def choose_password(request: HttpRequest) -> HttpResponse:
    """A first password is a new way to log in, as a passkey is, but allauth asks for no proof here."""
    if request.method == "POST" and is_reauthentication_required(request, app="allauth.account"):
        return redirect("account_set_password")  # allauth would keep the form, and so the password, in the session
    raise_if_reauthentication_required(request, app="allauth.account")
    answer: HttpResponse = password_set(request)
    return answer


@login_required
@rate_limit(action="manage_email")  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "POST"])
def email(request: HttpRequest) -> HttpResponse:
    """The address. To change it, people first enter a code that was sent to the old one."""
    user = _person(request)
    sync_user_email_address(user)
    form = AddEmailForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        raise_if_reauthentication_required(request, app="allauth.account")
        EmailChange.begin(request, new_email=form.cleaned_data["email"])
        return redirect("account_confirm_email_change")
    return render(request, "account/email_change.html", {"form": form}, status=400 if form.errors else 200)


@login_required
@rate_limit(action="manage_email")  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "POST"])
def confirm_email_change(request: HttpRequest) -> HttpResponse:
    """The code from the old address. Then allauth sends another one to the new address."""
    process = EmailChange.pending(request)
    if process is None:
        return redirect("account_email")
    if request.POST.get("action") == "resend":
        process.send()
        return redirect("account_confirm_email_change")
    form = process.form(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _ask_the_new_address(request, process)
    if form.errors and not _may_try_again(request, process):
        return redirect("account_email")
    context: dict[str, Any] = {"verify_form": form, "email": process.email, "new_email": process.new_email}
    context |= {"can_resend": True, "cancel_url": reverse("account_email")}
    return render(request, "account/confirm_email_change.html", context, status=400 if form.errors else 200)


def _ask_the_new_address(request: HttpRequest, process: EmailChange) -> HttpResponse:
    form = AddEmailForm(_person(request), {"email": process.new_email})
    if form.is_valid():
        try:
            add_email(request, form)
        except MailError as error:
            messages.error(request, str(error))
        else:
            process.abort()
            return redirect("account_email_verification_sent")
    process.abort()
    return redirect("account_email")


def _may_try_again(request: HttpRequest, process: MailedCode) -> bool:
    """Count a wrong code. After the last try the process ends with a message."""
    may: bool = process.record_invalid_attempt()
    if not may:
        words = _("That was the third wrong code. Start again to get a new one.")
        get_adapter().add_message(request, messages.ERROR, message=words)
    return may


@require_POST
@login_required
@reauthentication_required(app="allauth.account")  # type: ignore[untyped-decorator]
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Log out one browser, which may be this one."""
    session = get_object_or_404(UserSession, pk=session_id, user=_person(request))
    is_this_one = session.is_current()
    end_sessions(request, [session])
    if is_this_one:
        return redirect("account_login")
    get_adapter().add_message(request, messages.SUCCESS, message=_("The session was ended."))
    return redirect("usersessions_list")


@method_decorator(login_required, name="dispatch")
class ReauthenticateByCodeView(BaseReauthenticateView):  # type: ignore[misc]
    """Prove who you are by a code from your mailbox."""

    template_name = "account/reauthenticate_by_code.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "code" not in request.POST or Reauthentication.pending(request) is None:
            Reauthentication.begin(request)
            return redirect(self.passthrough_next_url(request.path))
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer

    def get_form(self, form_class: Any = None) -> Any:
        self.process: Any = Reauthentication.pending(self.request)
        return self.process.form(self.request.POST or None) if self.process else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "is_sent": self.process is not None}

    def form_valid(self, form: Any) -> HttpResponse:
        self.process.abort()
        record_authentication(self.request, self.request.user, method="code", reauthenticated=True)
        answer: HttpResponse = super().form_valid(form)
        return answer

    def form_invalid(self, form: Any) -> HttpResponse:
        if not _may_try_again(self.request, self.process):
            return redirect(self.passthrough_next_url(self.request.path))
        return render(self.request, self.template_name, self.get_context_data(form=form), status=400)


reauthenticate_by_code = ReauthenticateByCodeView.as_view()


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)
