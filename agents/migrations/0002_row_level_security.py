"""Force row-level security on the tables of this app."""

from django.db import migrations

from tenants.row_level_security import ProtectTenantTable


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_initial")]

    operations = [
        ProtectTenantTable("Agent"),
        ProtectTenantTable("AgentRevision"),
        ProtectTenantTable("Conversation"),
        ProtectTenantTable("Run"),
        ProtectTenantTable("Turn"),
        ProtectTenantTable("LLMCall"),
    ]
