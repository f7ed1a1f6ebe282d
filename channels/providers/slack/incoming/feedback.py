"""The buttons below an answer that say whether it was good.

https://docs.slack.dev/reference/block-kit/block-elements/feedback-buttons-element and
https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, ValidationError

from channels.providers.base import Account, Outgoing
from channels.providers.shapes.webhooks import MalformedError, Opinion
from channels.providers.slack.incoming.accounts import own_account
from channels.providers.slack.incoming.ids import GivenId

SCOPE = "assistant:write"
"""An app that has it was made with our manifest, which names the address for clicks."""
ACTION = "roster_feedback"
GOOD, BAD = "good", "bad"
FORM = "application/x-www-form-urlencoded"
MOST_ACTIONS = 20


def block(account: Account, message: Outgoing) -> list[dict[str, Any]]:
    """The buttons, if this message gets some. Their values say which answer it is."""
    if not message.asks_feedback or SCOPE not in account.scopes:
        return []
    buttons = {
        "type": "feedback_buttons",
        "action_id": ACTION,
        "positive_button": _button(_("Good answer"), GOOD, message.delivery_id),
        "negative_button": _button(_("Bad answer"), BAD, message.delivery_id),
    }
    return [{"type": "context_actions", "elements": [buttons]}]


def _button(label: str, value: str, delivery_id: UUID) -> dict[str, Any]:
    text = {"type": "plain_text", "text": label}
    return {"text": text, "value": f"{value}:{delivery_id}", "accessibility_label": label}


class _Named(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: GivenId


class _Clicked(BaseModel):
    model_config = ConfigDict(extra="ignore")
    type: str
    api_app_id: GivenId
    team: _Named
    user: _Named
    actions: list[Any] = []


def is_click(headers: Mapping[str, str]) -> bool:
    """Is this request a form, as clicks are?"""
    kinds = [value for name, value in headers.items() if name.lower() == "content-type"]
    return any(kind.partition(";")[0].strip().lower() == FORM for kind in kinds)


def opinions(body: bytes, *, is_own: bool) -> list[Opinion]:
    """What was clicked, of a signed form; nothing for other buttons. Raises MalformedError.

    is_own: of a workspace's own app.
    """
    try:
        payload = parse_qs(body.decode(), max_num_fields=MOST_ACTIONS, strict_parsing=True)["payload"][0]
        read = json.loads(payload)
        if not isinstance(read, dict) or read.get("type") != "block_actions":
            return []
        clicked = _Clicked.model_validate(read)
    except (ValueError, LookupError, RecursionError, ValidationError) as error:
        raise MalformedError("The form is not an interaction of Slack's.") from error
    account = own_account(clicked.api_app_id, clicked.team.id) if is_own else clicked.team.id
    found = (_opinion(account, clicked.user.id, action) for action in clicked.actions[:MOST_ACTIONS])
    return [each for each in found if each]


def _opinion(account: str, user: str, action: Any) -> Opinion | None:
    if not isinstance(action, dict) or action.get("action_id") != ACTION:
        return None
    value, _colon, delivery = str(action.get("value", "")).partition(":")
    try:
        delivery_id = UUID(delivery)
    except ValueError:
        return None
    return Opinion((account,), delivery_id, user, value == GOOD) if value in {GOOD, BAD} else None
