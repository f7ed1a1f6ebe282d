from django.db import migrations, models

# Whoever speaks as `app` can neither erase a workspace at once, nor its audit trail by way of that: only after a day in
# which each of its pages says so.
GRACE = """
CREATE FUNCTION keep_days_of_grace() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user = 'app' AND NEW.deletes_at < now() + interval '23 hours' THEN
        RAISE EXCEPTION 'Tenant % has at least one day of grace.', NEW.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER tenants_tenant_grace BEFORE UPDATE OF deletes_at ON tenants_tenant
    FOR EACH ROW WHEN (NEW.deletes_at IS DISTINCT FROM OLD.deletes_at) EXECUTE FUNCTION keep_days_of_grace();
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_tokens_go_with_their_makers")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="deletion_announced_at",
            field=models.DateTimeField(blank=True, null=True, help_text="When its owners were told"),
        ),
        migrations.RunSQL(
            GRACE, "DROP TRIGGER tenants_tenant_grace ON tenants_tenant; DROP FUNCTION keep_days_of_grace();"
        ),
    ]
