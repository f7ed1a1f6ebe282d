"""Who wrote what was posted through an app: asked once per person, since only the provider knows."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels.connections import credentials, health
from channels.handles import people
from channels.messages.incoming import changes
from channels.models import Contact, InboxEvent
from channels.providers.base import DeliveryError, DeliveryRefusedError
from channels.providers.registry import provider_named
from tenants.scope import give_back, tenant_scope
from tenants.wordings import Wording

log = logging.getLogger(__name__)

ASK_FOR = timedelta(minutes=10)
"""An answer later than this is to a question that nobody remembers."""
UNANSWERED = Wording("channels.unrecognised", _("The provider did not say in time whether a person wrote this."))


def recognise(tenant_id: UUID, event_id: UUID) -> bool:
    """Decide a doubtful event. Calls the provider: open no scope around this. Harmless to call twice.

    True if it is to be heard now.
    """
    with tenant_scope(tenant_id):
        event = _due(event_id, timezone.now())
        if event is None:
            return False
        connection = event.connection
        provider, account = provider_named(connection.provider), credentials.account_of(connection)
    give_back()
    try:
        is_person = provider.is_person(account, event.author)
    except DeliveryRefusedError as error:
        if error.code not in provider.unknown_person:  # it is about something else, such as a missing permission
            _give_up_later(tenant_id, event, error)
            return False
        is_person = False  # somebody the provider does not know is nobody to talk to
    except DeliveryError as error:
        _give_up_later(tenant_id, event, error)
        return False
    with tenant_scope(tenant_id):
        return _decide(event, is_person=is_person)


def _due(event_id: UUID, now: datetime) -> InboxEvent | None:
    """The event, with one more try counted, if it is time: after 0, 2, 8, 18 seconds and so on."""
    events = InboxEvent.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    doubtful = events.select_related("connection").filter(id=event_id, state=InboxEvent.State.DOUBTFUL)
    event = doubtful.first()
    if event is None or now < event.received_at + timedelta(seconds=2 * event.attempt**2):
        return None
    event.attempt += 1
    event.save(update_fields=["attempt"])
    return event


def _decide(event: InboxEvent, *, is_person: bool) -> bool:
    contact = people.meet(event.connection, event.author)
    Contact.objects.filter(id=contact.id).update(is_machine=not is_person)
    return changes.believe(event.id, is_person=is_person)


def _give_up_later(tenant_id: UUID, event: InboxEvent, error: DeliveryError) -> None:
    log.warning("Nobody knows yet who wrote %s: %s", event.id, error)
    with tenant_scope(tenant_id):
        if isinstance(error, DeliveryRefusedError):
            health.refused(event.connection_id, error)
        if timezone.now() > event.received_at + ASK_FOR:
            changes.doubt_for_good(event.id, UNANSWERED())
