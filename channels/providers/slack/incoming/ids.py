"""Slack's ids and time stamps, as a message needs them."""

from typing import Annotated

from pydantic import StringConstraints

GivenId = Annotated[str, StringConstraints(max_length=100, pattern=r"^[\x21-\x7e]+$")]
Timestamp = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,11}\.[0-9]{1,6}$")]
