"""What we read of a webhook's JSON. A field of another shape than documented counts as absent.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
"""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

ID = re.compile(r"[\x21-\x7e]{1,300}")
NUMBER = re.compile(r"\+?[0-9]{1,20}")


def storable(text: str) -> str:
    """The same text without what Postgres does not store: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and ID.fullmatch(value) else None


def _number(value: object) -> str | None:
    return value.removeprefix("+") if isinstance(value, str) and NUMBER.fullmatch(value) else None


def _words(value: object) -> str:
    return storable(value).strip() if isinstance(value, str) else ""


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _code(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9 else None


Id = Annotated[str | None, BeforeValidator(_id)]
Number = Annotated[str | None, BeforeValidator(_number)]
Words = Annotated[str, BeforeValidator(_words)]
Object = Annotated[dict[str, Any], BeforeValidator(_object)]
Objects = Annotated[list[dict[str, Any]], BeforeValidator(_objects)]
Code = Annotated[int | None, BeforeValidator(_code)]
GivenId = Annotated[str, StringConstraints(max_length=300, pattern=r"^[\x21-\x7e]+$")]
Seconds = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,11}$")]


class Shape(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Metadata(Shape):
    phone_number_id: Id = None


class Value(Shape):
    """A change's value: messages and statuses of one of our numbers, or trouble that Meta has with it."""

    metadata: Annotated[Metadata, BeforeValidator(_object)] = Metadata()
    contacts: Objects = []
    messages: Any = None
    statuses: Any = None
    errors: Objects = []


class Change(Shape):
    field: Words = ""
    value: Object = {}


class Contact(Shape):
    """Who wrote. Who has a username may keep their number to themselves."""

    wa_id: Number = None
    user_id: Id = None
    profile: Object = {}

    @property
    def name(self) -> str:
        """The profile's name, else the username; empty if there is none."""
        return _words(self.profile.get("name")) or _words(self.profile.get("username"))


class Spoken(Shape):
    """What every message must have."""

    id: GivenId
    timestamp: Seconds
    type: Words = ""
    number: Number = None
    from_user_id: Id = None
    group_id: Any = None


class NewId(Shape):
    """A system message: a person's new number or id. previous_user_id: the id until now."""

    wa_id: Number = None
    user_id: Id = None
    previous_user_id: Id = None


class Error(Shape):
    code: Code = None
    title: Words = ""
    message: Words = ""
    error_data: Object = {}

    @property
    def details(self) -> str:
        """The most telling sentence."""
        return (_words(self.error_data.get("details")) or self.message or self.title)[:500]


class Pricing(Shape):
    category: Words = ""
    type: Words = ""


class Status(Shape):
    """What became of a message that we sent. Of the person it may say nothing, so nobody is looked up by it."""

    id: Id = None
    status: Words = ""
    biz_opaque_callback_data: Words = ""
    errors: Objects = []
    pricing: Annotated[Pricing, BeforeValidator(_object)] = Pricing()


def words_of(value: object) -> str:
    """A text of the request, fit to be stored; empty for anything else."""
    return _words(value)


def object_of(value: object) -> dict[str, Any]:
    """An object of the request; empty for anything else."""
    return _object(value)


def objects_of(value: object) -> list[dict[str, Any]]:
    """The objects in a list of the request."""
    return _objects(value)
