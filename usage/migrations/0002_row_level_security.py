"""Force row-level security on the tables of this app."""

from django.db import migrations

from tenants.row_level_security import ProtectTenantTable


class Migration(migrations.Migration):
    dependencies = [("usage", "0001_initial")]

    operations = [
        ProtectTenantTable("Meter"),
        ProtectTenantTable("Hold"),
        ProtectTenantTable("UsageRecord", is_append_only=True),
        ProtectTenantTable("DailyUsage"),
        ProtectTenantTable("DailyMessages"),
    ]
