"""The rows of this app: connections, threads, incoming events, deliveries. Everything in channels may import it."""

from channels.models.connections import Connection, ConnectionDraft, Contact, InstallAttempt, Route
from channels.models.deliveries import Delivery, DeliveryQuerySet
from channels.models.inbox import InboxEvent, InboxEventQuerySet, Thread, place_id_of
from channels.models.media import MediaFile, MediaFileQuerySet, MediaPart
from channels.models.probes import Probe
from channels.models.routing import PlaceChoice

__all__ = [
    "Connection",
    "ConnectionDraft",
    "Contact",
    "Delivery",
    "DeliveryQuerySet",
    "InboxEvent",
    "InboxEventQuerySet",
    "InstallAttempt",
    "MediaFile",
    "MediaFileQuerySet",
    "MediaPart",
    "PlaceChoice",
    "Probe",
    "Route",
    "Thread",
    "place_id_of",
]
