"""Tags and filters for the account pages."""

import ipaddress
from typing import Any

from django import template

from tenants.accounts import sessions

register = template.Library()


@register.filter
def device(user_agent: str) -> str:
    """A browser in words: "Firefox on Windows"."""
    return sessions.device(user_agent)


@register.simple_tag(takes_context=True)
def passkeys_work(context: dict[str, Any]) -> bool:
    """Can this host have passkeys? Browsers want a name, not an address such as 127.0.0.1 (WebAuthn, 5.1.3)."""
    host = context["request"].get_host().rsplit(":", 1)[0].strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False
