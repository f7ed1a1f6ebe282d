"""Allauth's pages that send a mail that somebody is waiting for: if the mail server fails, the form says so."""

from http import HTTPStatus
from typing import Any

from allauth.account import views
from allauth.account.internal.stagekit import clear_login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from tenants.http import errors
from tenants.mail.server import MailError
from tenants.models import User


class _TellsOfMail:
    """Shows the mail server's problem next to the address, and undoes everything else."""

    field = "email"
    user: User | None = None
    request: HttpRequest

    def form_valid(self, form: Any) -> HttpResponseBase:
        try:
            answer: HttpResponseBase = super().form_valid(form)  # type: ignore[misc]
        except MailError as error:
            clear_login(self.request)
            self.undo()
            form.add_error(self.field, str(error))
            answer = self.form_invalid(form)  # type: ignore[attr-defined]
        return answer

    def undo(self) -> None:
        """Undo what was made before the mail was sent."""


class SignupView(_TellsOfMail, views.SignupView):  # type: ignore[misc]
    """A new account. If its first mail cannot be sent, the address is free again for the next try."""

    def undo(self) -> None:
        if self.user:
            self.user.delete()


class LoginView(_TellsOfMail, views.LoginView):  # type: ignore[misc]
    """An address that is not confirmed yet gets a code."""

    field = "login"


class RequestLoginCodeView(_TellsOfMail, views.RequestLoginCodeView):  # type: ignore[misc]
    """A code for logging in."""


class PasswordResetView(_TellsOfMail, views.PasswordResetView):  # type: ignore[misc]
    """A code for a new password."""


class MailErrorMiddleware:
    """On all other pages, whoever waits for a mail comes back to where they were and reads what happened."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer: HttpResponseBase = self.get_response(request)
        return answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, MailError):
            return None
        if request.method != "POST" or errors.speaks_to_a_machine(request):
            return errors.answer(request, HTTPStatus.SERVICE_UNAVAILABLE, str(exception))
        messages.error(request, str(exception))
        return redirect(request.get_full_path())


signup = SignupView.as_view()
login = LoginView.as_view()
request_login_code = RequestLoginCodeView.as_view()
reset_password = PasswordResetView.as_view()
