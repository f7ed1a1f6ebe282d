"""Force row-level security on the tables of this app."""

from django.db import migrations

from tenants.row_level_security import ProtectTenantTable


class Migration(migrations.Migration):
    dependencies = [("channels", "0001_initial")]

    operations = [
        ProtectTenantTable("Thread", sweeper_reads=("id", "tenant_id", "connection_id", "leased_until", "retry_at", "attempt")),
        ProtectTenantTable("InboxEvent", sweeper_reads=("id", "tenant_id", "thread_id", "state", "received_at")),
        ProtectTenantTable("Delivery", sweeper_reads=("id", "tenant_id", "thread_id", "state", "next_attempt_at", "sending_since", "unknown_since")),
        ProtectTenantTable("Connection"),
        ProtectTenantTable("InstallAttempt"),
    ]
