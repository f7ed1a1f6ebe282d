"""What is tried of a connected Slack: the token, its scopes, our address, and what Slack refused of late.

Slack tells nobody but an app's owner which address and events an app has, or whether its messages tab is on: so we
judge those by what arrives, and by what Slack refuses. https://docs.slack.dev/reference/methods/auth.test
"""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Sequence

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels.providers import round_trip
from channels.providers.base import DeliveryError, DeliveryRefusedError
from channels.providers.shapes.health import PROBE_SECONDS, Fix, History, Move, Result, State, Verb
from channels.providers.shapes.sending import Account
from channels.providers.slack import own_app
from channels.providers.slack.calls import client, failures
from channels.providers.slack.credentials import SIGNING_SECRET, signing_secret_of
from channels.providers.slack.incoming import accounts
from channels.providers.slack.incoming.accounts import app_of
from tenants.wordings import Wording

ANSWERS = Wording("slack.probe_answers", _("Slack answers"))
TOKEN = Wording("slack.probe_token", _("Access"))
SCOPES = Wording("slack.probe_scopes", _("Permissions"))
MESSAGES_TAB = Wording("slack.probe_messages_tab", _("Direct messages"))
CHANNELS = Wording("slack.probe_channels", _("Channels"))
EVENTS = Wording("slack.probe_events", _("Events"))

IN_TIME = Wording("slack.answers_in_time", _("After %(seconds)s seconds."))
SILENT = Wording("slack.answers_not", _("Slack did not answer: %(error)s"))
TRIED_AGAIN = Wording("slack.answers_later", _("Answers to people wait, and go out as soon as Slack takes them."))
NOT_TOLD = Wording("slack.not_told", _("Slack did not tell."))
ACCEPTED = Wording("slack.token_accepted", _("Slack lets Roster into %(team)s."))
DEAD = Wording("slack.token_dead", _("Slack no longer lets Roster in (%(code)s)."))
NOBODY_ANSWERED = Wording("slack.nobody_answered", _("Nobody who writes here gets an answer. Connect Slack again."))
GIVEN = Wording("slack.scopes_given", _("All %(count)s that it asks for."))
LACKING = Wording("slack.scopes_lacking", _("Slack did not give %(scopes)s."))
SILENT_WITHOUT = Wording(
    "slack.scopes_needed",
    _("Without it people are not heard or not answered. Connect Slack again, and Slack asks you."),
)
LESS_WITHOUT = Wording(
    "slack.scopes_missed", _("People are answered, but not everything works. Connect Slack again, and Slack asks you.")
)
TAB_OFF = Wording("slack.tab_off", _("On %(at)s Slack refused a direct message: the app's messages tab is off."))
TAB_OFF_MEANS = Wording(
    "slack.tab_off_means",
    _("Nobody can write to the AI employee in private. Switch the tab on in your Slack app, under App Home."),
)
TAB_ON = Wording("slack.tab_on", _("Slack refused none within a week."))
LOCKED_OUT = Wording("slack.locked_out", _("On %(at)s Slack refused an answer in a channel (%(code)s)."))
LOCKED_OUT_MEANS = Wording(
    "slack.locked_out_means", _("People there got no answer. Invite the app again, or let it write there.")
)
LET_IN = Wording("slack.let_in", _("Slack refused no answer in a channel within a week."))
HEARD = Wording("slack.events_heard", _("The last one came on %(at)s."))
UNHEARD = Wording(
    "slack.events_unheard", _("None came so far, and Slack tells nobody which events an app gets. Mention it once.")
)
ESSENTIAL = {"app_mentions:read", "chat:write", "im:history"}
NOT_THERE = (
    "channel_not_found", "not_in_channel", "restricted_action", "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel", "team_access_not_granted",
)  # fmt: skip
GIVEN_SCOPES = "x-oauth-scopes"
AGAIN = Fix(Verb.RECONNECT)
CHALLENGE = "roster"


def look(account: Account, history: History) -> Sequence[Result]:
    """All probes of a connected Slack."""
    return [*_access(account, history), *_by_refusals(history), _events(history), _round_trip(account, history)]


def _access(account: Account, history: History) -> Iterator[Result]:
    """Whether Slack answers, whether it takes the token, and what the token may do: one call."""
    began = time.monotonic()
    try:
        with failures():
            told = client(account.token, PROBE_SECONDS).auth_test()
            team = str(told.get("team", ""))
            given = next((str(value) for name, value in told.headers.items() if name.lower() == GIVEN_SCOPES), "")
    except DeliveryRefusedError as refusal:
        yield _in_time(began)
        seen = DEAD(code=refusal.code)
        state = State.FAILS if refusal.breaks_connection else State.UNASKED
        yield Result(TOKEN, state, seen, NOBODY_ANSWERED(), Move.YOURS, AGAIN, breaks=True)
        return
    except DeliveryError as error:
        yield Result(ANSWERS, State.WARNS, SILENT(error=str(error)), TRIED_AGAIN(), Move.THEIRS)
        yield Result(TOKEN, State.UNASKED, NOT_TOLD(), breaks=True)
        return
    yield _in_time(began)
    yield Result(TOKEN, State.PASSES, ACCEPTED(team=team), breaks=True)
    yield _scopes({each.strip() for each in (given or history.scopes).split(",")})


def _in_time(began: float) -> Result:
    return Result(ANSWERS, State.PASSES, IN_TIME(seconds=f"{max(time.monotonic() - began, 0.1):.1f}"))


def _scopes(given: set[str]) -> Result:
    missing = sorted(set(own_app.SCOPES) - given)
    if not missing:
        return Result(SCOPES, State.PASSES, GIVEN(count=len(own_app.SCOPES)), breaks=True)
    seen = LACKING(scopes=", ".join(missing))
    if ESSENTIAL & set(missing):
        return Result(SCOPES, State.FAILS, seen, SILENT_WITHOUT(), Move.YOURS, AGAIN, breaks=True)
    return Result(SCOPES, State.WARNS, seen, LESS_WITHOUT(), Move.YOURS, AGAIN, breaks=True)


def _by_refusals(history: History) -> Iterator[Result]:
    at = history.refused.get("messages_tab_disabled")
    if at:
        fix = Fix(Verb.OPEN, settings.SLACK_APPS_URL)
        yield Result(MESSAGES_TAB, State.FAILS, TAB_OFF(at=at.isoformat()), TAB_OFF_MEANS(), Move.YOURS, fix)
    else:
        yield Result(MESSAGES_TAB, State.PASSES, TAB_ON())
    shut = max(((history.refused[code], code) for code in NOT_THERE if code in history.refused), default=None)
    if shut:
        seen = LOCKED_OUT(at=shut[0].isoformat(), code=shut[1])
        url = f"https://app.slack.com/client/{accounts.team_of(history.external_id)}"
        yield Result(CHANNELS, State.WARNS, seen, LOCKED_OUT_MEANS(), Move.YOURS, Fix(Verb.OPEN, url))
    else:
        yield Result(CHANNELS, State.PASSES, LET_IN())


def _events(history: History) -> Result:
    heard = history.last_heard_at
    if heard is None:
        return Result(EVENTS, State.UNASKED, UNHEARD())
    return Result(EVENTS, State.PASSES, HEARD(at=heard.isoformat()))


def _round_trip(account: Account, history: History) -> Result:
    """What Slack asks when an address is entered, signed as Slack does.

    https://docs.slack.dev/reference/events/url_verification
    """
    is_own = bool(account.secrets.get(SIGNING_SECRET)) and bool(app_of(history.external_id))
    secret = signing_secret_of(account.secrets if is_own else None)
    body = json.dumps({"type": "url_verification", "token": "", "challenge": CHALLENGE}).encode()
    stamp = str(int(timezone.now().timestamp()))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
    }
    own = own_app.request_url(history.connection_id)
    url = own if is_own else f"{settings.PUBLIC_URL}{reverse('webhook_endpoint', args=['slack', 'events'])}"
    return round_trip.walk(round_trip.Request("POST", url, headers=headers, body=body, answer=CHALLENGE))
