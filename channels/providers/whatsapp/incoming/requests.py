"""Meta's requests: the question whether an address is ours, and batches of what happened.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from channels.providers.base import Inbound, InboundEvent
from channels.providers.shapes.webhooks import Challenge, DeliveryUpdate, MalformedError, UnverifiedError, Webhook
from channels.providers.whatsapp import pricing, wordings
from channels.providers.whatsapp.credentials import is_signed, is_verify_token
from channels.providers.whatsapp.errors import Fault, reason_of
from channels.providers.whatsapp.incoming import messages
from channels.providers.whatsapp.incoming.shapes import Change, Error, Status, Value, object_of, objects_of
from tenants.strict_json import loads
from tenants.wordings import NOTHING, Reason

log = logging.getLogger(__name__)

DEEPEST = 40
"""Levels of JSON: more than any documented request has."""
Item = Inbound | DeliveryUpdate
STATES: Mapping[str, DeliveryUpdate.State] = {
    "sent": DeliveryUpdate.State.SENT,
    "delivered": DeliveryUpdate.State.DELIVERED,
    "read": DeliveryUpdate.State.READ,
    "played": DeliveryUpdate.State.READ,
    "failed": DeliveryUpdate.State.FAILED,
}
NOTED: Mapping[str, Reason] = {
    "standby": wordings.META_ANSWERS(),
    "message_echoes": wordings.ECHO(),
    "smb_message_echoes": wordings.ECHO(),
}
"""Fields that bring other people's messages: they are noted, and nobody answers."""


def receive(request: Webhook) -> Sequence[Item | Challenge]:
    """All that a request brings, in its order. Raises UnverifiedError and MalformedError."""
    if request.method == "GET":
        return [_challenge(request)]
    signature = request.headers.get("X-Hub-Signature-256", "")
    if not is_signed(request.body, signature, request.secrets):
        raise UnverifiedError("The signature is wrong or missing.")
    return list(_items(_read(request.body)))


def _challenge(request: Webhook) -> Challenge:
    query = request.query
    is_asked = query.get("hub.mode") == "subscribe"
    if not (is_asked and is_verify_token(query.get("hub.verify_token", ""), request.secrets)):
        raise UnverifiedError("The verify token is wrong or missing.", 403)
    return Challenge(query.get("hub.challenge", ""))


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        read = loads(body.decode(), DEEPEST)
    except ValueError as error:
        raise MalformedError("The body is not JSON, or nested too deeply.") from error
    if not isinstance(read, dict) or not isinstance(read.get("entry"), list):
        raise MalformedError("The body has no entry.")
    return read


def _items(read: Mapping[str, Any]) -> Iterator[Item]:
    """What is for one of our numbers; a broken entry is passed over, so that it loses none of the others."""
    for entry in objects_of(read["entry"]):
        for given in objects_of(entry.get("changes")):
            try:
                change = Change.model_validate(given)
                value = Value.model_validate(change.value)
            except ValidationError:
                log.warning("A change that is none is passed over")
                continue
            account = value.metadata.phone_number_id
            if account:
                yield from _of_number((account,), change, value)


def _of_number(accounts: tuple[str], change: Change, value: Value) -> Iterator[Item]:
    if change.field != "messages":
        yield _noted(accounts, change.field or "unknown", change.value, NOTED.get(change.field, wordings.NO_MESSAGE()))
        return
    for each in value.messages if isinstance(value.messages, list) else []:
        payload = messages.payload_of(accounts[0], each, value.contacts)
        yield Inbound(accounts, partial(messages.event, payload))
    for each in objects_of(value.statuses):
        update = _update(accounts, each)
        if update:
            yield update
    if value.errors and not (value.messages or value.statuses):
        error = Error.model_validate(value.errors[0])
        code = "" if error.code is None else str(error.code)
        yield _noted(accounts, "errors", change.value, wordings.TROUBLE(code=code, details=error.details))


def _noted(accounts: tuple[str], kind: str, value: Mapping[str, Any], reason: Reason) -> Inbound:
    digest = hashlib.sha256(json.dumps(value).encode()).hexdigest()[:60]
    event = InboundEvent(messages.PROVIDER, accounts[0], digest, kind[:60], "", reason=reason)
    return Inbound(accounts, lambda _bot_user_id: event)


def _update(accounts: tuple[str], given: Mapping[str, Any]) -> DeliveryUpdate | None:
    """What became of a message of ours; None for somebody else's, which carries no id of a delivery."""
    status = Status.model_validate(given)
    state = STATES.get(status.status)
    delivery_id = _uuid(status.biz_opaque_callback_data)
    if state is None or delivery_id is None:
        return None
    fault = _fault(status) if state is DeliveryUpdate.State.FAILED else None
    return DeliveryUpdate(
        accounts,
        delivery_id,
        state,
        external_id=messages.short(status.id or ""),
        code=fault.name if fault else "",
        reason=reason_of(fault) if fault else NOTHING,
        charge=pricing.charge_of(status.pricing.category, status.pricing.type),
    )


def _fault(status: Status) -> Fault:
    error = Error.model_validate(object_of(status.errors[0] if status.errors else {}))
    return Fault(error.code, error.details)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None
