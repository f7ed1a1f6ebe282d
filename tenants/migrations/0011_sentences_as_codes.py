"""What is written as a sentence is kept as a code with parameters, and worded when somebody reads it."""

from django.db import migrations

from tenants.models.fields import ReasonField, StoreReason


class Migration(migrations.Migration):
    dependencies = [("tenants", "0010_incidents")]

    operations = [
        StoreReason("auditevent", "detail"),
        StoreReason("accountevent", "detail"),
        StoreReason("export", "error"),
        StoreReason("mail", "problem"),
        StoreReason(
            "incident", "detail", ReasonField(help_text="The newest one in technical words, without secrets")
        ),
    ]
