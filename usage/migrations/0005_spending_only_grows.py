"""What was spent stays spent: `app` may raise it, not lower it, nor delete meters and holds."""

from django.db import migrations

# Only in the grant: owner's erase_tenant_rows() still empties both when a workspace is erased.
RIGHTS = "REVOKE DELETE ON usage_meter, usage_hold FROM app"
RIGHTS_BACK = "GRANT DELETE ON usage_meter, usage_hold TO app"

GUARD = """
CREATE FUNCTION guard_meter() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.spent_usd < OLD.spent_usd THEN
        RAISE EXCEPTION 'Meter % has spent % USD already: that is never less.', OLD.id, OLD.spent_usd
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER usage_meter_guard BEFORE UPDATE OF spent_usd ON usage_meter
    FOR EACH ROW EXECUTE FUNCTION guard_meter();
CREATE FUNCTION guard_hold() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.state = 'settled' OR NEW.amount_usd <> OLD.amount_usd OR NEW.meter_id <> OLD.meter_id THEN
        RAISE EXCEPTION 'Hold % is settled once, at what was reserved.', OLD.id
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER usage_hold_guard BEFORE UPDATE ON usage_hold FOR EACH ROW EXECUTE FUNCTION guard_hold();
"""
GUARD_BACK = """
DROP TRIGGER usage_meter_guard ON usage_meter;
DROP FUNCTION guard_meter();
DROP TRIGGER usage_hold_guard ON usage_hold;
DROP FUNCTION guard_hold();
"""


class Migration(migrations.Migration):
    dependencies = [("usage", "0004_readable_names")]

    operations = [migrations.RunSQL(RIGHTS, RIGHTS_BACK), migrations.RunSQL(GUARD, GUARD_BACK)]
