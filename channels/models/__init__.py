"""Where people talk to AI employees: connections, threads, what came in, what goes out."""

from channels.models.connections import Connection, Contact, InstallAttempt, Route
from channels.models.deliveries import Delivery, DeliveryQuerySet
from channels.models.inbox import InboxEvent, InboxEventQuerySet, Thread

__all__ = [
    "Connection",
    "Contact",
    "Delivery",
    "DeliveryQuerySet",
    "InboxEvent",
    "InboxEventQuerySet",
    "InstallAttempt",
    "Route",
    "Thread",
]
