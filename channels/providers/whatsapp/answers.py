"""What we read of the Graph API's answers. A field that is missing or odd is found here, and nowhere later."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from channels.providers.base import OutcomeUnknownError
from channels.providers.whatsapp import wordings
from channels.providers.whatsapp.errors import Fault

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
LONGEST_DETAILS = 500


class Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Message(Shape):
    id: Text


class Sent(Shape):
    """The answer to a message: without an id nobody knows what became of it."""

    messages: Annotated[list[_Message], Field(min_length=1)]


class Named(Shape):
    """Anything with an id."""

    id: Text


class Number(Shape):
    """A phone number, with the fields that we ask for."""

    id: Text
    display_phone_number: str = ""
    verified_name: str = ""
    quality_rating: str = ""
    code_verification_status: str = ""
    messaging_limit_tier: str = ""
    status: str = ""


class Numbers(Shape):
    """The numbers of an account; more than the first page is not looked at."""

    data: list[Number] = []


class Granted(Shape):
    """For which accounts a permission was given; none: for all."""

    scope: str
    target_ids: list[str] = []


class TokenFacts(Shape):
    """expires_at: 0 for never. application: the app's name; type: such as SYSTEM_USER."""

    is_valid: bool
    expires_at: int = 0
    scopes: list[str] = []
    type: str = ""
    application: str = ""
    granular_scopes: list[Granted] = []


class Token(Shape):
    """What Meta says about a token."""

    data: TokenFacts


class Media(Shape):
    """Where a file can be fetched for five minutes, and what to expect there."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
    mime_type: str = ""
    sha256: str = ""
    file_size: int | None = None


class Button(Shape):
    """A button of a template."""

    type: str
    text: str = ""
    url: str = ""


class NamedExample(Shape):
    param_name: str
    example: str = ""


class Example(Shape):
    """What was filled in when a template was handed in."""

    header_text: list[str] = []
    body_text: list[list[str]] = []
    header_text_named_params: list[NamedExample] = []
    body_text_named_params: list[NamedExample] = []


class Component(Shape):
    """A part of a template, such as its body."""

    type: str = ""
    format: str = ""
    text: str = ""
    buttons: list[Button] = []
    example: Example = Example()

    @property
    def examples(self) -> dict[str, str]:
        """By the names of its blanks, which are numbers from 1 if they have no other."""
        told = self.example
        in_order = told.header_text or next(iter(told.body_text), [])
        named = [*told.header_text_named_params, *told.body_text_named_params]
        numbered = {str(number): each for number, each in enumerate(in_order, 1)}
        return {**numbered, **{each.param_name: each.example for each in named}}


class MessageTemplate(Shape):
    """A template in one language."""

    name: Text
    language: Text
    status: str = ""
    category: str = ""
    parameter_format: str = ""
    components: list[Component] = []


class MessageTemplates(Shape):
    """The templates of an account; more than the first page is not looked at."""

    data: list[MessageTemplate] = []


class NewToken(Shape):
    """What a code was exchanged for."""

    access_token: Annotated[str, StringConstraints(min_length=1, max_length=1_000)] = Field(repr=False)


class Done(Shape):
    """The answer to a change."""

    success: bool


S = TypeVar("S", bound=Shape)


def read(shape: type[S], body: Any) -> S:
    """An answer in its shape. Otherwise nobody knows what Meta did: raises OutcomeUnknownError, naming the field."""
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        place = ".".join(str(each) for each in error.errors()[0]["loc"]) or "everything"
        raise OutcomeUnknownError(wordings.UNDOCUMENTED(field=place)) from error


def fault_of(status: int, body: Any) -> Fault | None:
    """The error in an answer; None if it is none.

    https://developers.facebook.com/docs/graph-api/guides/error-handling
    """
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None if 200 <= status < 300 else Fault(None, "", status)
    code = error.get("code")
    is_code = isinstance(code, int) and not isinstance(code, bool)
    return Fault(code if is_code else None, _details(error), status)


def _details(error: dict[str, Any]) -> str:
    """Meta is going to drop its titles: error_data.details says more."""
    data = error.get("error_data")
    found = (data.get("details") if isinstance(data, dict) else None, error.get("message"))
    return next((each[:LONGEST_DETAILS] for each in found if isinstance(each, str) and each), "")
