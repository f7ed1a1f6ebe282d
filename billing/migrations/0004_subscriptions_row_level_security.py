"""Force row-level security on the tables of subscriptions."""

from django.db import migrations

from tenants.row_level_security import ProtectTenantTable


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_subscriptions")]

    operations = [
        ProtectTenantTable("Entitlement", sweeper_reads=("id", "tenant_id", "customer_id", "synced_at")),
        ProtectTenantTable("CompSeats"),
        ProtectTenantTable("SyncRequest", sweeper_reads=("id", "tenant_id", "requested_at")),
        ProtectTenantTable("Drift"),
        ProtectTenantTable("Notice", sweeper_reads=("id", "tenant_id", "requested_at", "sent_at")),
    ]
