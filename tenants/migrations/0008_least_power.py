"""What `app` and `staff` may do with workspaces and trails, by Postgres' own word.

`app` could wipe a workspace's trail by making its row anew with a deletion that was due: it inserts, renames and
deletes no such row any more, but by functions of `owner`.
"""

from django.db import migrations, models

# Days of grace come from a function, which only `owner` can replace: tenants/privacy/grace.py does, after each migration.
GRACE = """
CREATE FUNCTION deletion_grace() RETURNS interval
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT interval '14 days' $$;
REVOKE ALL ON FUNCTION deletion_grace() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION deletion_grace() TO app;

DROP TRIGGER tenants_tenant_grace ON tenants_tenant;
DROP FUNCTION keep_days_of_grace();
CREATE FUNCTION guard_workspace() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.deletes_at IS NOT NULL THEN
            RAISE EXCEPTION 'Tenant % is new: it cannot begin with its deletion.', NEW.id
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF EXISTS (SELECT 1 FROM public.tenants_erasedtenant WHERE id = NEW.id) THEN
            RAISE EXCEPTION 'Tenant % was erased: its id is not given again.', NEW.id
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'Tenant % keeps its id.', OLD.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.deletes_at IS DISTINCT FROM OLD.deletes_at THEN
        IF OLD.deletes_at <= now() THEN
            RAISE EXCEPTION 'Tenant % is being erased already.', OLD.id USING ERRCODE = 'insufficient_privilege';
        END IF;
        -- An hour for clocks that differ.
        IF NEW.deletes_at < clock_timestamp() + public.deletion_grace() - interval '1 hour' THEN
            RAISE EXCEPTION 'Tenant % has all its days of grace: %.', NEW.id, public.deletion_grace()
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER tenants_tenant_guard BEFORE INSERT OR UPDATE ON tenants_tenant
    FOR EACH ROW EXECUTE FUNCTION guard_workspace();
"""
GRACE_BACK = """
DROP TRIGGER tenants_tenant_guard ON tenants_tenant;
DROP FUNCTION guard_workspace();
DROP FUNCTION deletion_grace();
CREATE FUNCTION keep_days_of_grace() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER tenants_tenant_grace BEFORE UPDATE OF deletes_at ON tenants_tenant
    FOR EACH ROW EXECUTE FUNCTION keep_days_of_grace();
"""

# The workspace's own row goes last, by `owner` too; its id stays, so that nobody makes a workspace under it.
ERASE = """
REVOKE DELETE ON tenants_tenant FROM app;
REVOKE INSERT, UPDATE, DELETE ON tenants_erasedtenant FROM app;
CREATE FUNCTION erase_tenant() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted uuid := NULLIF(current_setting('app.tenant_id', true), '')::uuid;
BEGIN
    DELETE FROM public.tenants_tenant WHERE id = wanted AND deletes_at <= now();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Tenant % is not to be erased now.', wanted USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO public.tenants_erasedtenant (id, at) VALUES (wanted, now());
END
$$;
REVOKE ALL ON FUNCTION erase_tenant() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_tenant() TO app;
"""
ERASE_BACK = """
DROP FUNCTION erase_tenant();
GRANT DELETE ON tenants_tenant TO app;
"""

# Staff write what they themselves do, now. They see every workspace, so they could otherwise put words into any trail.
TRAILS = """
CREATE FUNCTION guard_trail() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user = 'staff'
       AND (NEW.actor_kind <> 'staff' OR NEW.at NOT BETWEEN now() - interval '1 hour' AND now() + interval '1 hour')
    THEN
        RAISE EXCEPTION 'Staff add entries about what they do themselves, when they do it.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER tenants_auditevent_guard BEFORE INSERT ON tenants_auditevent
    FOR EACH ROW EXECUTE FUNCTION guard_trail();
CREATE TRIGGER tenants_accountevent_guard BEFORE INSERT ON tenants_accountevent
    FOR EACH ROW EXECUTE FUNCTION guard_trail();
"""
TRAILS_BACK = """
DROP TRIGGER tenants_auditevent_guard ON tenants_auditevent;
DROP TRIGGER tenants_accountevent_guard ON tenants_accountevent;
DROP FUNCTION guard_trail();
"""

# What Django's own tables say decides what `owner` does at the next migration.
DJANGOS = "REVOKE INSERT, UPDATE, DELETE ON django_migrations, django_content_type, auth_permission FROM app"
DJANGOS_BACK = "GRANT INSERT, UPDATE, DELETE ON django_migrations, django_content_type, auth_permission TO app"


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0007_addresses_and_mail"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="ErasedTenant",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(GRACE, GRACE_BACK),
        migrations.RunSQL(ERASE, ERASE_BACK),
        migrations.RunSQL(TRAILS, TRAILS_BACK),
        migrations.RunSQL(DJANGOS, DJANGOS_BACK),
    ]
