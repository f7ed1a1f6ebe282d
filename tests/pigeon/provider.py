"""Pigeon Post's client: everything that a provider is, in one module."""

import hashlib
import hmac
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import httpx
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels.providers.base import (
    DeliveryRefusedError,
    Inbound,
    InboundEvent,
    InboundMessage,
    OutcomeUnknownError,
    Progress,
)
from channels.providers.capabilities import Capabilities
from channels.providers.connecting import Admit, Fact, Field, Form, Installed, NotAcceptedError, Pasted, Verdict
from channels.providers.connecting import State as Judged
from channels.providers.shapes.health import Fix, History, Move, Result, State, Verb
from channels.providers.shapes.openers import Template
from channels.providers.shapes.sending import Account, Address, Outgoing, Spot
from channels.providers.shapes.webhooks import Challenge, DeliveryUpdate, MalformedError, UnverifiedError, Webhook
from tenants.doctor.report import Finding, ok
from tenants.wordings import Wording

SECRET = "loft"
LONGEST = 300
NO_RECEIPT = Wording("pigeon.no_receipt", _("The pigeon did not come back."))
PERCH = Wording("pigeon.perch", _("Perch"))
ROOM = Wording("pigeon.room", _("There is room on it."))
NO_MAIL = Wording("pigeon.no_mail", _("No pigeon reaches anybody."))
NO_PERCH = Wording("pigeon.no_perch", _("The loft of this number is closed: open it again."))


@dataclass
class Sky:
    """Where posted messages go. Tests look at them, and decide what goes wrong next."""

    posted: list[Outgoing] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    found: list[Result] = field(default_factory=list)
    mended: list[UUID] = field(default_factory=list)

    def clear(self) -> None:
        """Fair weather."""
        self.__init__()  # type: ignore[misc]


SKY = Sky()


class LoftForm:
    """A number and the secret of its loft."""

    asks = "the loft"
    generated: Sequence[str] = ()
    fields: Sequence[Field] = (
        Field("number", _("Number"), _("Digits only."), is_secret=False),
        Field(SECRET, _("Loft secret"), after=("number",)),
    )

    def check(self, name: str, values: Mapping[str, str]) -> Verdict:
        """The number by itself; the secret only with it."""
        if SKY.faults:
            raise SKY.faults.pop(0)
        if name == SECRET:
            is_known = bool(values.get("number"))
            return Verdict(Judged.OK, "It opens.") if is_known else Verdict(Judged.WAITS, "Which loft?")
        if values["number"] in SKY.closed:
            return Verdict(Judged.BAD, "No such loft.", others=[("1", "Loft 1")])
        return Verdict(Judged.OK, f"Found loft {values['number']}", account=values["number"])

    def proof(self, facts: Mapping[str, str]) -> Sequence[Fact]:
        return ()

    def by_hand(self, facts: Mapping[str, str], secrets: Mapping[str, str], connection_id: UUID) -> Sequence[Pasted]:
        return ()

    def is_configured(self) -> bool:
        return True

    def what_is_missing(self) -> str:
        return ""

    def context(self, connection_id: UUID) -> Mapping[str, str]:
        return {}

    def faults(self, values: Mapping[str, str]) -> Mapping[str, str]:
        found = {} if values["number"].isdecimal() else {"number": "A number of Pigeon Post has digits only."}
        return found if values[SECRET] else {**found, SECRET: "The loft secret is on the door of the loft."}

    def install(self, values: Mapping[str, str], connection_id: UUID, admit: Admit) -> Installed:
        """The loft sends a pigeon to the connection's address, which has to come back."""
        number, secret = values["number"], values[SECRET]
        if SKY.faults:
            raise SKY.faults.pop(0)
        if number in SKY.closed:
            raise NotAcceptedError("Pigeon Post has no loft with this number.", "number")
        admit(number, f"Loft {number}")
        address = f"{settings.PUBLIC_URL}/webhooks/pigeon/{connection_id}/"
        if httpx.get(address, params={"token": secret, "challenge": "42"}).text != "42":
            raise NotAcceptedError("The pigeon found nobody at the address of this installation.")
        return Installed("pigeon", number, f"Loft {number}", f"token-{number}", "", number, "", {SECRET: secret})


class Pigeon:
    """The provider `pigeon`."""

    name = "pigeon"
    label = "Pigeon Post"
    icon = "bird"
    capabilities = Capabilities(delivery_updates=True)
    endpoints: Mapping[str, Sequence[str]] = {"": ["GET", "POST"]}
    consent = None
    form: Form = LoftForm()
    refusals: Mapping[str, Promise] = {"hawk": _("Pigeon Post did not take the message: a hawk did.")}
    unknown_person: frozenset[str] = frozenset({"nobody"})
    personal: frozenset[str] = frozenset({"hawk"})
    quiet_seconds = 0.0
    speaks_as = "The pigeon"

    def account_words(self, external_id: str) -> str:
        return f"number {external_id}"

    def account_url(self, external_id: str) -> str:
        return ""

    def writing_url(self, account: Account, text: str) -> str:
        """None: people know where to write."""
        return ""

    def receive(self, request: Webhook) -> Sequence[Inbound | DeliveryUpdate | Challenge]:
        """Several items at once; every loft has its own secret, and Pigeon Post itself has none."""
        secret = (request.secrets or {}).get(SECRET, "")
        if request.method == "GET":
            _verify(request.query.get("token", ""), secret)
            return [Challenge(request.query.get("challenge", ""))]
        _verify(request.headers.get("X-Pigeon", ""), signature(request.body, secret) if secret else "")
        try:
            return [_item(each) for each in json.loads(request.body)["items"]]
        except (ValueError, LookupError, TypeError) as error:
            raise MalformedError("The body is not a list of items.") from error

    def check(self) -> Iterable[Finding]:
        yield ok(self.label, "needs nothing of the platform.")

    def read(self, payload: str, bot_user_id: str) -> InboundMessage | None:
        return _message(json.loads(payload))

    def split(self, text: str) -> Sequence[str]:
        return [text[start : start + LONGEST] for start in range(0, len(text), LONGEST)]

    def post(self, account: Account, message: Outgoing) -> str:
        """It never says what became of it: updates do."""
        if SKY.faults:
            raise SKY.faults.pop(0)
        SKY.posted.append(message)
        return str(1_000 + len(SKY.posted))

    def progress(self, account: Account, address: Address, progress: Progress) -> None:
        """Nothing is shown."""

    def find(self, account: Account, message: Outgoing) -> str | None:
        raise AssertionError("Nobody looks up what cannot be looked up.")

    def places(self, account: Account) -> Sequence[Spot]:
        """None: a number is one place."""
        return []

    def templates(self, account: Account) -> Sequence[Template]:
        """None: free text is taken at any time."""
        return []

    def name_of(self, account: Account, person_id: str, timeout_seconds: int) -> str:
        return f"Number {person_id}"

    def is_person(self, account: Account, person_id: str) -> bool:
        return True

    def mentioned(self, text: str) -> Collection[str]:
        return ()

    def revoke(self, account: Account) -> None:
        """There is nothing to give back."""

    def verify(self, account: Account, timeout_seconds: int) -> None:
        if account.token in SKY.closed:
            raise DeliveryRefusedError(NO_PERCH(), breaks_connection=True, code="closed")

    def probes(self, account: Account, history: History) -> Sequence[Result]:
        """What is wrong is what SKY says, and otherwise the perch."""
        if account.token in SKY.closed:
            return [Result(PERCH, State.FAILS, NO_PERCH(), NO_MAIL(), Move.YOURS, Fix(Verb.RECONNECT), breaks=True)]
        return [Result(PERCH, State.PASSES, ROOM(), breaks=True), *SKY.found]

    def mend(self, account: Account, history: History) -> None:
        if SKY.faults:
            raise SKY.faults.pop(0)
        SKY.mended.append(history.connection_id)

    def start_test(self, account: Account, heading: str, text: str) -> InboundMessage:
        at = datetime.now(UTC).timestamp()
        return _message({"id": f"test-{at}", "from": account.installer_id, "text": text, "at": at})

    def receipt(self, message: InboundMessage) -> Mapping[str, str]:
        return message.address


def lost() -> OutcomeUnknownError:
    """For Sky.faults: the message may have been sent."""
    return OutcomeUnknownError(NO_RECEIPT())


def signature(body: bytes, secret: str) -> str:
    """What signs a request."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _verify(given: str, wanted: str) -> None:
    if not (wanted and hmac.compare_digest(given.encode(), wanted.encode())):
        raise UnverifiedError("Not signed by this loft.")


def _item(item: Mapping[str, Any]) -> Inbound | DeliveryUpdate:
    accounts = (str(item["to"]),)
    if "status" not in item:
        return Inbound(accounts, partial(_event, item))
    state = DeliveryUpdate.State(item["status"])
    return DeliveryUpdate(accounts, UUID(item["carries"]), state, str(item.get("id", "")), item.get("error", ""))


def _event(item: Mapping[str, Any], bot_user_id: str) -> InboundEvent:
    try:
        message = _message(item)
    except (LookupError, TypeError, ArithmeticError) as error:
        raise MalformedError("A message needs id, from, text and at.") from error
    return InboundEvent("pigeon", str(item["to"]), message.key, "message", json.dumps(dict(item)), message)


def _message(item: Mapping[str, Any]) -> InboundMessage:
    person, said_at = str(item["from"]), datetime.fromtimestamp(item["at"], UTC)
    return InboundMessage(
        key=str(item["id"]),
        thread_ids=[person],
        is_addressed=True,
        author=person,
        text=item["text"] or "[A feather.]",
        position=Decimal(str(item["at"])),
        said_at=said_at,
        address={"number": person},
        is_readable=bool(item["text"]),
    )
