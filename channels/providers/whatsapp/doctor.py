"""The doctor's look at the platform's Meta app."""

from collections.abc import Iterator

from django.conf import settings

from tenants.doctor.report import Finding, ok, problem, skipped

WHATSAPP = "WhatsApp app"


def findings() -> Iterator[Finding]:
    """Are the Meta app's secret and verify token there? Connections that bring their own app need neither."""
    given = {name: bool(getattr(settings, name)) for name in ("WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN")}
    missing = [name for name, is_there in given.items() if not is_there]
    if len(missing) == len(given):
        yield skipped(WHATSAPP, "WHATSAPP_APP_SECRET is not set: each workspace brings its own Meta app.")
    elif missing:
        yield problem(WHATSAPP, f"{missing[0]} is not set: set both, or neither.")
    else:
        yield ok(WHATSAPP, "its app secret and verify token are set.")
