"""What people are told about a connection that no longer brings messages: on pages, by the API, and once by mail."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from channels.models import Connection
from channels.providers.registry import provider_named
from channels.providers.shapes.health import shown
from channels.reasons import Cause
from tenants.mail import notices, outbox
from tenants.models import Mail
from tenants.permissions import Permission


def words(connection: Connection) -> str:
    """What happened to it, for members of the workspace. In the active language and time zone."""
    provider = provider_named(connection.provider)
    cause, _colon, code = connection.cause.partition(":")
    told = {"channel": provider.label, "name": connection.name}
    if cause == Cause.UNWELL:
        text = _("%(channel)s does not work in %(name)s: nobody there gets an answer. %(why)s")
        return text % {**told, "why": shown(connection.error)}
    if cause == Cause.TOKEN_DEAD and code in provider.refusals:
        text = _("%(channel)s does not work in %(name)s: nobody there gets an answer. %(why)s")
        return text % {**told, "why": provider.refusals[code]}
    if connection.state == Connection.State.BROKEN or cause == Cause.TOKEN_DEAD:
        text = _("%(channel)s no longer lets Roster into %(name)s: nobody there gets an answer.")
    elif cause == Cause.REMOVED:
        text = _("%(name)s removed the app in %(channel)s: nobody there gets an answer.")
    elif cause == Cause.DISCONNECTED_BY_API:
        text = _("%(name)s was disconnected through the API: nobody there gets an answer.")
    elif cause == Cause.MOVED:
        text = _("%(name)s moved to another workspace of Roster: nobody there gets an answer from this one.")
    else:
        text = _("%(name)s was disconnected here: nobody there gets an answer.")
    return text % told


def mail(connection: Connection) -> None:
    """Mail those who can connect it again, once for this loss. Inside the scope, in the transaction of its reason."""
    tenant = connection.tenant
    with translation.override(tenant.language), timezone.override(tenant.time_zone):
        page = f"{settings.PUBLIC_URL}{reverse('workspace:channels', args=[tenant.slug])}"
        text = _(
            "A channel of %(workspace)s stopped working.\n\n%(what)s\n\n"
            "What you can do is on this page:\n\n%(page)s\n\nYou get no other mail about it until it has worked again."
        )
        told = {"workspace": notices.named(tenant), "what": words(connection), "page": page}
        subject = _("%(channel)s stopped working") % {"channel": provider_named(connection.provider).label}
        to = notices.able(tenant, Permission.MANAGE_CHANNELS)
        outbox.plan(Mail.Kind.CHANNEL_BROKEN, _key(connection), to, subject, notices.letter(text % told))


def take_back(connection: Connection) -> None:
    """Send no mail any more that is not sent yet: the connection works again, or was ended."""
    outbox.drop(Mail.Kind.CHANNEL_BROKEN, _key(connection))


def _key(connection: Connection) -> str:
    return f"{connection.id}:{connection.lost_at.isoformat() if connection.lost_at else ''}"
