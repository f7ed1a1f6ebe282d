"""What Meta says about a number, its account and its token. Each is asked by itself: one may be forbidden.

https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/ and
https://developers.facebook.com/documentation/business-messaging/whatsapp/support/health-status/
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import Field

from channels.providers.base import DeliveryError
from channels.providers.shapes.health import PROBE_SECONDS
from channels.providers.shapes.sending import Account
from channels.providers.whatsapp import calls
from channels.providers.whatsapp.answers import Shape, Token, TokenFacts
from channels.providers.whatsapp.checking.found import ACCOUNT

FIELDS = (
    "id,display_phone_number,verified_name,name_status,quality_rating,status,platform_type,"
    "messaging_limit_tier,webhook_configuration"
)
MOST_TEMPLATES = 100
T = TypeVar("T")


class Addresses(Shape):
    """Where events go: the number's own address counts before the account's, and that before the app's."""

    phone_number: str = ""
    whatsapp_business_account: str = ""
    application: str = ""

    @property
    def used(self) -> str:
        return self.phone_number or self.whatsapp_business_account or self.application


class PhoneNumber(Shape):
    """A number with its states, as far as Meta tells them."""

    id: str
    verified_name: str = ""
    name_status: str = ""
    quality_rating: str = ""
    status: str = ""
    platform_type: str = ""
    messaging_limit_tier: str = ""
    webhook_configuration: Addresses | None = None


class Trouble(Shape):
    """Why a part cannot send."""

    error_code: int = 0
    error_description: str = ""
    possible_solution: str = ""


class Entity(Shape):
    """The number, its account, its business or the app."""

    entity_type: str = ""
    can_send_message: str = ""
    errors: list[Trouble] = Field(default=[])


class Sending(Shape):
    """can_send_message: AVAILABLE, LIMITED or BLOCKED."""

    can_send_message: str = ""
    entities: list[Entity] = Field(default=[])

    @property
    def troubles(self) -> list[Trouble]:
        return [trouble for entity in self.entities for trouble in entity.errors]


class Health(Shape):
    """`health_status`, asked by itself."""

    health_status: Sending | None = None


class Template(Shape):
    """status: APPROVED, PENDING, REJECTED, PAUSED, DISABLED, IN_APPEAL."""

    name: str = ""
    status: str = ""


class Templates(Shape):
    """An account's."""

    data: list[Template] = Field(default=[])


class Apps(Shape):
    """The apps that an account's events go to."""

    data: list[dict[str, object]] = Field(default=[])


@dataclass(frozen=True)
class Asked:
    """What was asked; an error where Meta did not tell. None: nobody knows the account, so it was not asked."""

    token: TokenFacts | DeliveryError
    number: PhoneNumber | DeliveryError
    health: Health | DeliveryError
    templates: Templates | DeliveryError | None
    apps: Apps | DeliveryError | None


def number_of(account: Account) -> PhoneNumber | DeliveryError:
    """The number with its states, or why Meta did not tell."""
    return _told(lambda: calls.get(PhoneNumber, account, account.bot_user_id, FIELDS, PROBE_SECONDS))


def ask(account: Account, number: PhoneNumber | DeliveryError) -> Asked:
    """Ask for all the rest, one thing after the other. Raises nothing of Meta's."""
    known = account.secrets.get(ACCOUNT, "")
    return Asked(
        token=_told(lambda: calls.inspect(Token, account).data),
        number=number,
        health=_told(lambda: calls.get(Health, account, account.bot_user_id, "health_status", PROBE_SECONDS)),
        templates=_told(lambda: _templates(account, known)) if known else None,
        apps=_told(lambda: calls.get(Apps, account, f"{known}/subscribed_apps", "", PROBE_SECONDS)) if known else None,
    )


def _templates(account: Account, known: str) -> Templates:
    path = f"{known}/message_templates"
    return calls.get(Templates, account, path, "name,status", PROBE_SECONDS, most=MOST_TEMPLATES)


def _told(question: Callable[[], T]) -> T | DeliveryError:
    try:
        return question()
    except DeliveryError as error:
        return error
