"""What follows from the facts: the state of each probe, what it means for people, and the button."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from django.conf import settings
from django.urls import reverse

from channels.providers import round_trip
from channels.providers.base import DeliveryError, DeliveryRefusedError
from channels.providers.shapes.health import Fix, History, Move, Result, State, Verb
from channels.providers.shapes.sending import Account
from channels.providers.whatsapp import calls, wordings
from channels.providers.whatsapp.answers import Done, TokenFacts
from channels.providers.whatsapp.checking.found import ACCOUNT, SCOPES
from channels.providers.whatsapp.connecting.form import address_of
from channels.providers.whatsapp.connecting.installing import PROVIDER
from channels.providers.whatsapp.credentials import APP_SECRET, signature_of, verify_token_of
from channels.providers.whatsapp.errors import DEAD_TOKEN, PERMISSIONS
from channels.providers.whatsapp.probes import facts, words
from channels.providers.whatsapp.probes.facts import Asked, PhoneNumber
from channels.providers.whatsapp.probes.judged import about_account, about_number
from tenants.wordings import NOTHING

MANAGER = "https://business.facebook.com/wa/manage/home/"
AGAIN = Fix(Verb.RECONNECT)
SUBSCRIBE = Fix(Verb.SUBSCRIBE)
EMPTY = b'{"object": "whatsapp_business_account", "entry": []}'


def look(account: Account, history: History) -> Sequence[Result]:
    """All probes of a number."""
    began = time.monotonic()
    number = facts.number_of(account)
    if isinstance(number, DeliveryError) and not isinstance(number, DeliveryRefusedError):
        seen = words.SILENT(error=str(number))
        silent = Result(words.ANSWERS, State.WARNS, seen, words.TRIED_AGAIN(), Move.THEIRS)
        return [silent, _unasked_token(), round_trip.walk(_request(account, history))]
    answers = Result(words.ANSWERS, State.PASSES, words.IN_TIME(seconds=f"{max(time.monotonic() - began, 0.1):.1f}"))
    return [answers, *_results(account, history, facts.ask(account, number))]


def _results(account: Account, history: History, asked: Asked) -> Iterator[Result]:
    yield _token(asked)
    yield _permissions(asked, history)
    yield from about_number(asked.number, history)
    yield from about_account(asked.health, history)
    yield _webhook(asked.number, account, history)
    yield _subscription(asked)
    yield round_trip.walk(_request(account, history))
    yield _templates(asked)
    yield _reported(history)


def _unasked_token() -> Result:
    return Result(words.TOKEN, State.UNASKED, words.NOT_TOLD(), breaks=True)


def _token(asked: Asked) -> Result:
    """Not every token may look at itself: what the number said shows that it is good."""
    refusal = asked.number if isinstance(asked.number, DeliveryRefusedError) else None
    is_dead = refusal is not None and refusal.code in {str(code) for code in DEAD_TOKEN}
    told = asked.token if isinstance(asked.token, TokenFacts) else None
    if is_dead or (told and not told.is_valid):
        return Result(
            words.TOKEN, State.FAILS, words.TOKEN_DEAD(), words.NOBODY_ANSWERED(), Move.YOURS, AGAIN, breaks=True
        )
    if told and told.expires_at:
        seen = words.TOKEN_EXPIRES(at=datetime.fromtimestamp(told.expires_at, UTC).isoformat())
        return Result(words.TOKEN, State.WARNS, seen, words.TOKEN_TEMPORARY(), Move.YOURS, AGAIN, breaks=True)
    seen = words.TOKEN_FOREVER() if told else words.TOKEN_ACCEPTED()
    return Result(words.TOKEN, State.PASSES, seen, breaks=True)


def _permissions(asked: Asked, history: History) -> Result:
    """The token's own list; where Meta does not tell that, what it refused."""
    messaging = SCOPES[0]
    if isinstance(asked.token, TokenFacts):
        missing = [scope for scope in SCOPES if scope not in asked.token.scopes]
    else:
        refused = {*history.refused, *(each.code for each in (asked.number,) if isinstance(each, DeliveryRefusedError))}
        missing = [messaging] if refused & {str(code) for code in PERMISSIONS} else []
    if not missing:
        return Result(words.PERMISSIONS, State.PASSES, words.ALL_THERE(scopes=", ".join(SCOPES)), breaks=True)
    seen = words.MISSING(scopes=", ".join(missing))
    if messaging in missing:
        means = words.CANNOT_SEND()
        return Result(words.PERMISSIONS, State.FAILS, seen, means, Move.YOURS, AGAIN, breaks=True)
    return Result(words.PERMISSIONS, State.WARNS, seen, words.CANNOT_MANAGE(), Move.YOURS, AGAIN, breaks=True)


def _webhook(number: PhoneNumber | DeliveryError, account: Account, history: History) -> Result:
    """Where Meta sends this number's events; its own address counts before the account's, and that before the app's."""
    told = number.webhook_configuration if isinstance(number, PhoneNumber) else None
    if told is None:
        return Result(words.WEBHOOK, State.UNASKED, words.NOT_TOLD())
    if told.used == _address(account, history):
        return Result(words.WEBHOOK, State.PASSES, words.OUR_ADDRESS(address=told.used))
    seen = words.OTHER_ADDRESS(address=told.used) if told.used else words.NO_ADDRESS()
    return Result(words.WEBHOOK, State.FAILS, seen, words.NOTHING_ARRIVES(), Move.YOURS, SUBSCRIBE, breaks=True)


def _subscription(asked: Asked) -> Result:
    if asked.apps is None:
        return Result(words.SUBSCRIPTION, State.UNASKED, words.NO_ACCOUNT())
    if isinstance(asked.apps, DeliveryError):
        return Result(words.SUBSCRIPTION, State.UNASKED, words.NOT_TOLD())
    if asked.apps.data:
        return Result(words.SUBSCRIPTION, State.PASSES, words.SUBSCRIBED())
    seen, means = words.NOT_SUBSCRIBED(), words.NOTHING_ARRIVES()
    return Result(words.SUBSCRIPTION, State.FAILS, seen, means, Move.YOURS, SUBSCRIBE, breaks=True)


def _templates(asked: Asked) -> Result:
    if asked.templates is None:
        return Result(words.TEMPLATES, State.UNASKED, words.NO_ACCOUNT())
    if isinstance(asked.templates, DeliveryError):
        return Result(words.TEMPLATES, State.UNASKED, words.NOT_TOLD())
    known = asked.templates.data
    hindered = [each.name for each in known if each.status in {"PAUSED", "DISABLED", "REJECTED"}]
    if hindered:
        seen = words.HINDERED(names=", ".join(hindered[:10]))
        return Result(words.TEMPLATES, State.WARNS, seen, words.HINDERED_MEANS(), Move.YOURS, Fix(Verb.OPEN, MANAGER))
    approved = sum(each.status == "APPROVED" for each in known)
    seen = words.APPROVED(approved=approved, all=len(known)) if known else words.NO_TEMPLATES()
    return Result(words.TEMPLATES, State.PASSES, seen)


def _reported(history: History) -> Result:
    at, reason = history.reported.get(wordings.TROUBLE.code, (None, NOTHING))
    if at is None:
        return Result(words.REPORTED, State.PASSES, words.UNREPORTED())
    seen = words.REPORTED_AT(at=at.isoformat(), details=str(reason.details.get("details", "")))
    return Result(words.REPORTED, State.WARNS, seen, words.MAY_BE_LATE(), Move.THEIRS)


def _address(account: Account, history: History) -> str:
    """The connection's own if it brings its app secret, else the platform's."""
    if APP_SECRET in account.secrets:
        return address_of(history.connection_id)
    return f"{settings.PUBLIC_URL}{reverse('webhook', args=[PROVIDER])}"


def _request(account: Account, history: History) -> round_trip.Request:
    """What Meta would send if there were no news, signed as Meta does."""
    secrets = account.secrets if APP_SECRET in account.secrets else None
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature_of(EMPTY, secrets)}
    return round_trip.Request("POST", _address(account, history), headers=headers, body=EMPTY)


def subscribe(account: Account, history: History) -> None:
    """Subscribe the app to the account again, and send this number's events to our address. Raises DeliveryError."""
    secrets = account.secrets if APP_SECRET in account.secrets else None
    if known := account.secrets.get(ACCOUNT):
        calls.post(Done, account, f"{known}/subscribed_apps", {})
    told = {"override_callback_uri": _address(account, history), "verify_token": verify_token_of(secrets)}
    calls.post(Done, account, account.bot_user_id, {"webhook_configuration": told})
