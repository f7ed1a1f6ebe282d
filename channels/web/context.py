"""What every template can show about channels."""

from typing import Any

from django.http import HttpRequest

from channels.web import connecting


def channels(request: HttpRequest) -> dict[str, Any]:
    """Under which name an AI employee writes where people talk to it; pages about another channel pass their own."""
    return {"app_name": connecting.spoken_of().speaks_as}
