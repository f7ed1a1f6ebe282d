"""What is written as a sentence is kept as a code with parameters, and worded when somebody reads it."""

from django.db import migrations, models

import agents.models
from tenants.models.fields import ReasonField, StoreReason
from tenants.wordings import Reason

PAUSED = {
    "Paused: 20 answers here within 300 s look like two machines talking. It goes on by itself after a while.": Reason(
        "channels.paused_conversation", {"answers": 20, "seconds": "300"}
    ),
    "Paused: 300 answers to one author within a day look like two machines talking. It goes on by itself after a "
    "while.": Reason("channels.paused_author", {"answers": 300}),
}


class Migration(migrations.Migration):
    dependencies = [("agents", "0006_unanswered_since"), ("tenants", "0011_sentences_as_codes")]

    operations = [
        StoreReason(
            "run",
            "error",
            ReasonField(help_text="Why there is no answer, in technical words: for staff"),
            known=PAUSED,
        ),
        StoreReason(
            "llmcall",
            "error",
            ReasonField(help_text="Why it brought no answer; `said` has the provider's own words"),
        ),
        migrations.AlterField(
            model_name="agent",
            name="unanswered_since",
            field=models.DateTimeField(
                blank=True,
                help_text="When the first message came that got no answer, after the last that did",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="agent",
            name="unavailable_text",
            field=models.CharField(default=agents.models.unavailable_text, max_length=500),
        ),
        migrations.AlterField(
            model_name="agentrevision",
            name="unavailable_text",
            field=models.CharField(default=agents.models.unavailable_text, max_length=500),
        ),
    ]
