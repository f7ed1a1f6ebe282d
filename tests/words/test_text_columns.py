"""No reason or error is stored as a sentence: each text column says whose words it holds, or keeps codes."""

import re

from django.apps import apps
from django.db import models

from tenants.models.fields import ReasonField

APPS = {"tenants", "usage", "billing", "agents", "channels"}
CODES = re.compile(
    r"(^|_)(id|key|digest|fingerprint|code|cause|kind|action|channel|provider|model|plan|place|version|scopes|caller)$"
    r"|card_(brand|last4|expires)|last_four|time_zone|password|user_agent|external_account|collection_pause"
)
"""Columns of ids, of codes of ours or of a provider's, and of what a program sent."""
WORDS_OF_OTHERS = {
    "tenants.User.name": "a person's",
    "tenants.Tenant.name": "the owner typed it",
    "tenants.AuditEvent.actor_name": "a name at that time",
    "tenants.AuditEvent.target_name": "a name at that time",
    "tenants.AccountEvent.actor_name": "a name at that time",
    "tenants.AccountEvent.target_name": "a name at that time",
    "tenants.Export.requested_by_name": "a name at that time",
    "tenants.Mail.subject": "a mail as it is sent, in its reader's language",
    "tenants.Mail.text": "a mail as it is sent, in its reader's language",
    "tenants.SupportGrant.granted_by_name": "a name at that time",
    "tenants.SupportGrant.reason": "an owner typed it",
    "tenants.ApiToken.name": "whoever made it typed it",
    "usage.Meter.name": "a name at that time",
    "usage.UsageRecord.agent_name": "a name at that time",
    "usage.DailyUsage.agent_name": "a name at that time",
    "usage.DailyMessages.agent_name": "a name at that time",
    "billing.Seat.holder_name": "a name at that time",
    "billing.CompSeats.reason": "staff typed it",
    "billing.CompSeats.granted_by_name": "a name at that time",
    "billing.SyncRequest.reason": "a code: an event's type, or what asked for it",
    "agents.Agent.name": "an operator typed it",
    "agents.Agent.job_title": "an operator typed it",
    "agents.Agent.business_function": "an operator typed it",
    "agents.Agent.picture": "a key that is drawn at random",
    "agents.Agent.instructions": "an operator typed it",
    "agents.Agent.unavailable_text": "an operator typed it",
    "agents.AgentRevision.name": "an operator typed it",
    "agents.AgentRevision.job_title": "an operator typed it",
    "agents.AgentRevision.business_function": "an operator typed it",
    "agents.AgentRevision.instructions": "an operator typed it",
    "agents.AgentRevision.unavailable_text": "an operator typed it",
    "agents.Conversation.title": "what somebody said first",
    "agents.Person.name": "a person's name",
    "agents.Turn.author": "a person's name",
    "agents.Turn.text": "what was said",
    "channels.Connection.name": "its name at the provider",
    "channels.PlaceChoice.label": "the place's name at the provider",
    "channels.Connection.allowed_origins": "addresses that an operator typed",
    "channels.Contact.name": "a person's",
    "channels.InboxEvent.author": "a person's id at the provider",
    "channels.InboxEvent.payload": "what the provider sent",
    "channels.Delivery.text": "what is said",
    "channels.Delivery.charge_category": "a provider's code",
    "channels.MediaFile.name": "whoever sent it chose it",
    "channels.MediaFile.declared_type": "a type, as the provider was told",
    "channels.MediaFile.content_type": "a type, of a list of ours",
    "channels.MediaFile.sha256": "a digest",
}
"""Free text that is stored as it is, and whose it is."""


def text_columns() -> dict[str, models.Field]:  # type: ignore[type-arg]
    """Every column of ours that could hold a sentence."""
    kinds = (models.CharField, models.TextField)
    found = (
        (f"{model._meta.label}.{column.name}", column)
        for model in apps.get_models()
        if model._meta.app_label in APPS
        for column in model._meta.local_fields
        if type(column) in kinds and not column.choices
    )
    return dict(found)


def test_each_text_column_holds_codes_or_says_whose_words() -> None:
    unknown = [
        name for name in text_columns() if name not in WORDS_OF_OTHERS and not CODES.search(name.rpartition(".")[2])
    ]

    assert not unknown, f"Keep a reason in a ReasonField, or say whose words these are: {unknown}"


def test_the_list_names_no_column_that_is_gone() -> None:
    assert set(WORDS_OF_OTHERS) <= set(text_columns())


def test_reasons_are_kept_as_codes() -> None:
    kept = {
        f"{model._meta.label}.{column.name}"
        for model in apps.get_models()
        for column in model._meta.local_fields
        if isinstance(column, ReasonField)
    }

    assert kept >= {
        "agents.Run.error",
        "agents.LLMCall.error",
        "billing.Drift.problem",
        "channels.Connection.error",
        "channels.Delivery.error",
        "channels.InboxEvent.reason",
        "tenants.AuditEvent.detail",
        "tenants.AccountEvent.detail",
        "tenants.Export.error",
        "tenants.Incident.detail",
        "tenants.Mail.problem",
    }
