"""The ledger is append-only for staff too."""

from django.db import migrations

from tenants.row_level_security import ProtectTenantTable


class Migration(migrations.Migration):
    dependencies = [("usage", "0002_row_level_security")]

    operations = [ProtectTenantTable("UsageRecord", is_append_only=True)]
