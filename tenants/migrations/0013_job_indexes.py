"""The sweep of mails asks by the new column."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # indexes are made beside what writes

    dependencies = [("tenants", "0012_jobs")]

    operations = [
        AddIndexConcurrently(
            model_name="mail",
            index=models.Index(condition=models.Q(("state", "waiting")), fields=["retry_at"], name="tenants_mail_waiting"),
        ),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS tenants_mail_due", migrations.RunSQL.noop),
    ]
