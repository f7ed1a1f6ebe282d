"""What people call the fields whose changes an entry shows."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FIELDS: dict[str, Promise | str] = {
    "cancels_at": _("Cancels at"),
    "card_brand": _("Card brand"),
    "card_expires": _("Card expires"),
    "card_last4": _("Card number ends in"),
    "checkout_session_id": _("Checkout"),
    "collection_pause": _("Payments paused"),
    "collection_resumes_at": _("Payments resume at"),
    "contact_email": _("Contact e-mail"),
    "customer_id": _("Stripe customer"),
    "deletes_at": _("Deleted at"),
    "double": _("Second subscription"),
    "email": _("E-mail address"),
    "ended_at": _("Ended at"),
    "expires_at": _("Expires at"),
    "external_id": _("Id at the provider"),
    "instructions": _("Instructions"),
    "is_active": _("Active"),
    "is_foreign": _("Not one of our plans"),
    "job_title": _("Job title"),
    "business_function": _("Business function"),
    "language": _("Language"),
    "max_output_tokens": _("Longest answer, in tokens"),
    "model": _("Model"),
    "name": _("Name"),
    "next_seats": _("Seats from then on"),
    "next_seats_at": _("Seats change at"),
    "only_when_mentioned": _("Answers only when mentioned"),
    "other_items": _("Other items"),
    "overheard_hours": _("Hours to keep talk around AI employees"),
    "owner": _("Owner"),
    "past_due_since": _("Past due since"),
    "payment_method_id": _("Payment method"),
    "period_end": _("Period ends"),
    "period_start": _("Period starts"),
    "place": _("Place in the order of seats"),
    "plan": _("Plan"),
    "provider": _("Provider"),
    "retention_days": _("Days to keep conversations"),
    "role": _("Role"),
    "schedule_id": _("Planned change at Stripe"),
    "scopes": _("Scopes"),
    "seats": _("Seats"),
    "slug": _("Address"),
    "state": _("State"),
    "status": _("Status"),
    "subscription_id": _("Subscription at Stripe"),
    "time_zone": _("Time zone"),
    "trial_ends_at": _("Trial ends at"),
    "unavailable_text": _("Text when unavailable"),
    "unit_usd": _("Price of a seat (USD)"),
}
"""By the name under which a change is kept; of all apps, since the trail is one."""


def field_of(name: str) -> str:
    """What people call a field. One that is not listed is called by its own name."""
    known = FIELDS.get(name)
    return str(known) if known else name.replace("_", " ").capitalize()
