"""Codes that prove that somebody can read mail to their account's address."""

from typing import Any, ClassVar, Self

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from django.http import HttpRequest

from tenants.accounts.tries import PER_CODE, ConfirmCodeForm

SECONDS = 15 * 60


class MailedCode(AbstractCodeVerificationProcess):  # type: ignore[misc]
    """A code for one purpose, kept in the session: good for fifteen minutes and three tries."""

    session_key: ClassVar[str]
    template: ClassVar[str]

    def __init__(self, request: HttpRequest, state: dict[str, Any]) -> None:
        super().__init__(max_attempts=PER_CODE, timeout=SECONDS, state=state, user=request.user)
        self.request = request

    @classmethod
    def begin(cls, request: HttpRequest, **more: str) -> Self:
        """Send a code to the account's address. Raises ImmediateHttpResponse (429) above the limit of mails to it."""
        process = cls(request, {**cls.initial_state(request.user, request.user.email), **more})  # type: ignore[union-attr]
        process.send()
        return process

    @classmethod
    def pending(cls, request: HttpRequest) -> Self | None:
        """The one that this session is waiting for, unless it is too old."""
        state = request.session.get(cls.session_key)
        process: Self | None = cls(request, state).abort_if_invalid() if state else None
        return process

    @property
    def email(self) -> str:
        return str(self.state["email"])

    def form(self, data: Any = None) -> ConfirmCodeForm:
        return ConfirmCodeForm(data, code=self.code)

    def send(self) -> None:
        # Counted separately from the code of a sign-up, which may have just been sent.
        key = f"{self.session_key}:{self.email}"
        if not ratelimit.consume(self.request, app="allauth.account", action="confirm_email", key=key):
            raise ImmediateHttpResponse(ratelimit.respond_429(self.request))
        self.state["code"] = get_adapter().generate_email_verification_code()
        get_adapter().send_mail(self.template, self.email, {"code": self.code, **self.state})
        self.persist()

    def persist(self) -> None:
        self.request.session[self.session_key] = self.state

    def abort(self) -> None:
        self.request.session.pop(self.session_key, None)


class EmailChange(MailedCode):
    """First half of an address change: the old address confirms it. Then allauth asks the new one."""

    session_key = "account_email_change"
    template = "account/email/email_change_code"

    @property
    def new_email(self) -> str:
        return str(self.state["new_email"])


class Reauthentication(MailedCode):
    """Proves who somebody is who has neither a password nor a second step."""

    session_key = "account_reauthentication_code"
    template = "account/email/reauthentication_code"
