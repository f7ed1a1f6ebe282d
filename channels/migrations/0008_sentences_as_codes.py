"""What is written as a sentence is kept as a code with parameters, and worded when somebody reads it."""

from django.db import migrations, models

from tenants.models.fields import ReasonField, StoreReason
from tenants.wordings import Reason

KNOWN = {
    "Said to others.": Reason("channels.said_to_others"),
    "Nobody is employed here yet.": Reason("channels.nobody_employed"),
    "Deleted by its author.": Reason("channels.deleted"),
    "Erased.": Reason("channels.erased"),
    "Paused: 20 answers here within 300 s look like two machines talking. It goes on by itself after a while.": Reason(
        "channels.paused_conversation", {"answers": 20, "seconds": "300"}
    ),
    "Paused: 300 answers to one author within a day look like two machines talking. It goes on by itself after a "
    "while.": Reason("channels.paused_author", {"answers": 300}),
}


class Migration(migrations.Migration):
    dependencies = [("channels", "0007_causes"), ("tenants", "0011_sentences_as_codes")]

    operations = [
        StoreReason(
            "inboxevent",
            "reason",
            ReasonField(help_text="Why it is not answered, in technical words: for staff"),
            known=KNOWN,
        ),
        StoreReason(
            "delivery",
            "error",
            ReasonField(help_text="Why it is not sent, in technical words: for staff"),
            known={"Erased.": Reason("channels.erased")},
        ),
        StoreReason(
            "connection",
            "error",
            ReasonField(help_text="Why it is not active, in technical words: for staff"),
        ),
        migrations.AlterField(
            model_name="inboxevent",
            name="deleted_at",
            field=models.DateTimeField(
                blank=True, help_text="When the provider said that it was deleted", null=True
            ),
        ),
    ]
