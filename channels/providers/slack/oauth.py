"""Installing the Slack app: Bolt's OAuthFlow over our own stores, bound to tenant, user and browser.

https://docs.slack.dev/authentication/installing-with-oauth
"""

import logging
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from slack_bolt import BoltRequest, BoltResponse
from slack_bolt.adapter.django.handler import to_bolt_request
from slack_bolt.error import BoltError
from slack_bolt.oauth import OAuthFlow
from slack_bolt.oauth.callback_options import CallbackOptions, FailureArgs, SuccessArgs
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk.oauth import OAuthStateUtils
from slack_sdk.oauth.installation_store import Installation, InstallationStore
from slack_sdk.oauth.state_store import OAuthStateStore

from channels.models import ConnectionDraft
from channels.providers import states
from channels.providers.base import DeliveryError
from channels.providers.connecting import AccountTakenError, Admit, AnotherAddressError, Connect, Installed, Outcome
from channels.providers.slack import own_app, permissions
from channels.providers.slack.calls import client, failures
from channels.providers.slack.credentials import app_of
from channels.providers.slack.incoming.accounts import own_account
from channels.providers.states import Browser
from tenants.outbound import patience
from tenants.scope import tenant_scope
from tenants.wordings import Wording

log = logging.getLogger(__name__)

__all__ = ["authorize_url", "finish", "is_configured", "own_app", "tenant_of", "what_expired", "what_is_missing"]
PROVIDER = "slack"
CONSENT_ASKED = Wording("slack.consent_asked", gettext_lazy("Asked for Slack's consent page."))
LONGEST_ID = 60
LONGEST_NAME = 120
OUTCOMES = {
    "access_denied": gettext_lazy("You canceled the installation in Slack. Nothing was changed; you can try again."),
    "invalid_browser": gettext_lazy(
        "This link was made in another browser or for another account. Start again from here."
    ),
    "invalid_state": gettext_lazy("This link was already used, or is older than ten minutes. Start again from here."),
    "invalid_code": gettext_lazy("Slack did not accept the installation's code. Start again from here."),
    "missing_code": gettext_lazy("Slack sent no code. Start again from here."),
    "busy": gettext_lazy("Slack does not answer right now. Nothing was changed: try again in a minute."),
    "unreachable": gettext_lazy("Slack cannot be reached right now. Try again in a minute."),
}
ENDED = gettext_lazy("Slack ended the installation. Nothing was changed; you can try again.")


def is_configured() -> bool:
    """Can this installation of Roster connect Slack at all?"""
    return bool(settings.SLACK_CLIENT_ID and settings.SLACK_CLIENT_SECRET and settings.SLACK_SIGNING_SECRET)


def what_is_missing() -> str:
    """The three variables."""
    return _(
        "Slack is not configured on this installation: "
        "set SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and SLACK_SIGNING_SECRET."
    )


def what_expired() -> str:
    """Somebody came back with a state that nobody issued."""
    return str(OUTCOMES["invalid_state"])


def authorize_url(
    tenant_id: UUID, *, user_id: UUID | None = None, session_key: str = "", draft_id: UUID | None = None
) -> str:
    """Where a person goes to consent. Call it outside of any scope.

    user_id, session_key: who asked, and in which browser. Without them (the API) whoever consents uses up the state.
    draft_id: whose own app asks.
    """
    store = _StateStore(tenant_id, Browser(user_id, session_key))
    store.draft = _draft(tenant_id, draft_id)
    flow = _flow(store, InstallationStore(), [])  # nothing is installed yet
    return str(flow.build_authorize_url(store.issue(), BoltRequest(body="")))


def tenant_of(state: str) -> UUID | None:
    """The tenant for which this state was issued here, even if it is used up or too old; None for any other state."""
    return states.tenant_of(PROVIDER, state)


def finish(request: HttpRequest, tenant_id: UUID, connect: Connect, admit: Admit) -> Outcome:
    """Take Slack's redirect: check the state, exchange the code, connect the team. Calls Slack; hold no transaction.

    connect: keeps what was installed, called inside the tenant's scope; may raise AccountTakenError. admit: not asked,
    since nothing of a team is changed before that.
    """
    user_id = request.user.id if request.user.is_authenticated else None
    outcomes: list[Outcome] = []
    store = _StateStore(tenant_id, Browser(user_id, request.session.session_key or ""))
    store.draft = _draft(tenant_id, states.draft_id_of(tenant_id, request.GET.get("state", "")))
    flow = _flow(store, _Installations(store, connect), outcomes)
    try:
        patience.enter("Slack")  # before the state is used up: the same address works a minute later
        flow.handle_callback(to_bolt_request(request))
    except patience.BusyError:
        return store.failed("busy")
    except DeliveryError as error:
        log.warning("An installation failed: %s", error)
        return store.failed("unreachable")
    return outcomes[0]


def _draft(tenant_id: UUID, draft_id: UUID | None) -> ConnectionDraft | None:
    if draft_id is None:
        return None
    with tenant_scope(tenant_id):
        return ConnectionDraft.objects.get(id=draft_id)


class _StateStore(OAuthStateStore):
    """Bolt's view of channels.providers.states."""

    def __init__(self, tenant_id: UUID, browser: Browser) -> None:
        self.tenant_id = tenant_id
        self.browser = browser
        self.draft: ConnectionDraft | None = None

    @property
    def own_secrets(self) -> Mapping[str, str]:
        """Those of the workspace's own app; none if the platform's asks."""
        return self.draft.values if self.draft else {}

    def failed(self, reason: str, detail: str = "") -> Outcome:
        """Why Slack is not connected, and what to do."""
        problem = detail if reason == "storage_error" else str(OUTCOMES.get(reason, ENDED))
        return Outcome(self.tenant_id, reason=reason, problem=problem, draft_id=self.draft.id if self.draft else None)

    def issue(self, *args: object, **kwargs: object) -> str:
        return states.issue(PROVIDER, self.tenant_id, self.browser, CONSENT_ASKED(), draft=self.draft)

    def belongs_here(self, state: str) -> bool:
        """Was it issued to this browser and user, or by the API to no browser?"""
        return states.belongs_to(self.tenant_id, state, self.browser)

    def consume(self, state: str) -> bool:
        return states.use_up(self.tenant_id, state)


class _BrowserBinding(OAuthStateUtils):
    """The session is the browser's proof: Bolt's own cookie would need HTTPS and know no user."""

    def __init__(self, store: _StateStore) -> None:
        super().__init__()
        self.store = store

    def is_valid_browser(self, state: str | None, request_headers: dict[str, str | Sequence[str]]) -> bool:
        return bool(state) and self.store.belongs_here(str(state))


class _Installations(InstallationStore):
    """Connects what Slack installed to the tenant of the state."""

    def __init__(self, store: _StateStore, connect: Connect) -> None:
        self.store = store
        self.connect = connect

    def save(self, installation: Installation) -> None:
        if not installation.team_id:
            raise TakenError(
                _("Roster joins single Slack workspaces: choose one of your organisation's and install it there.")
            )
        ids = (installation.team_id, installation.bot_user_id, installation.user_id)
        draft = self.store.draft
        if draft and not _is_id(installation.app_id):
            raise TakenError(_("Slack's answer does not say which app it is about: start again from here."))
        if not all(map(_is_id, ids)) or not _is_token(installation.bot_token):
            raise TakenError(_("Slack's answer has no token, or does not say whose it is: start again from here."))
        installed = Installed(
            provider=PROVIDER,
            external_id=own_account(str(installation.app_id), installation.team_id) if draft else installation.team_id,
            name=str(installation.team_name or installation.team_id)[:LONGEST_NAME],
            token=str(installation.bot_token),
            bot_user_id=str(installation.bot_user_id),
            installer_id=installation.user_id,
            scopes=",".join(installation.bot_scopes or []),
            secrets=self.store.own_secrets,
            connection_id=draft.id if draft else None,
        )
        try:
            with tenant_scope(self.store.tenant_id):
                self.connect(installed)
        except (AccountTakenError, AnotherAddressError) as error:
            raise TakenError(str(error)) from error


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID


def _is_token(value: object) -> bool:
    return isinstance(value, str) and value != ""


class _Flow(OAuthFlow):
    """Bolt's flow, with errors of its calls to Slack told apart from our own."""

    def run_installation(self, code: str) -> Installation | None:
        with failures():
            return super().run_installation(code)


class TakenError(BoltError):
    """This team cannot be connected here; Bolt hands its own errors on."""


def _reports(store: _StateStore, outcomes: list[Outcome]) -> CallbackOptions:
    """Bolt's answers are ours to give, so its callbacks only report."""

    def success(args: SuccessArgs) -> BoltResponse:
        lacking = permissions.losses(args.installation.bot_scopes or [])
        outcomes.append(Outcome(store.tenant_id, account=args.installation.team_name or "", lacking=lacking))
        return BoltResponse(status=200)

    def failure(args: FailureArgs) -> BoltResponse:
        outcomes.append(store.failed(args.reason, str(args.error or "")))
        return BoltResponse(status=args.suggested_status_code)

    return CallbackOptions(success=success, failure=failure)


def _flow(store: _StateStore, installations: InstallationStore, outcomes: list[Outcome]) -> _Flow:
    app = app_of(store.own_secrets)
    options = OAuthSettings(
        client_id=app.client_id,
        client_secret=app.client_secret,
        scopes=own_app.SCOPES,
        redirect_uri=own_app.redirect_url(),
        authorization_url=settings.SLACK_AUTHORIZE_URL,
        installation_store=installations,
        state_store=store,
        callback_options=_reports(store, outcomes),
    )
    options.state_utils = _BrowserBinding(store)
    return _Flow(client=client(), settings=options)
