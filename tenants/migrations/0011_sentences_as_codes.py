"""What is written as a sentence is kept as a code with parameters, and worded when somebody reads it."""

from django.db import migrations

from tenants.models.fields import StoreReason


class Migration(migrations.Migration):
    dependencies = [("tenants", "0010_incidents")]

    operations = [
        StoreReason("auditevent", "detail"),
        StoreReason("accountevent", "detail"),
    ]
