from django.db import migrations

import tenants.encryption


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_accounts_and_teams")]

    operations = [
        migrations.AlterField(
            model_name="idempotentrequest",
            name="answer",
            field=tenants.encryption.EncryptedField(
                blank=True, default="", help_text="It may hold an address that is a permission"
            ),
        ),
    ]
