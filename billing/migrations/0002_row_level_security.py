"""Force row-level security on the tables of this app."""

from django.db import migrations

from tenants.row_level_security import ProtectTenantTable


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        ProtectTenantTable("Seat"),
    ]
