"""SQL statements that, run as one of the product's database roles, would break a guarantee.

The keys say what they would achieve. Names in braces: `acme` and `globex` are workspaces, `me` and `other` roles; {new}
starts inserting a workspace, {entry} an audit entry; {erase} is the function that empties an audit table.
"""

NAMES = {
    "new": "INSERT INTO tenants_tenant (id, name, slug, time_zone, language, contact_email, created_at, erased_rows,"
    " deletes_at) VALUES",
    "entry": "INSERT INTO tenants_auditevent (target_kind, target_id, target_name, changes, detail, user_agent,"
    " request_id, actor_name, action, id, tenant_id, at, actor_kind)"
    " VALUES ('', '', '', '{}', '{}', '', '', '', 'a', gen_random_uuid(),",
    "erase": "SELECT erase_tenant_rows('tenants_auditevent', 1000)",
    "due": "now() - interval '1 day'",
}

WIPING = {
    "its row again, already due": "DELETE FROM tenants_tenant WHERE id = '{acme}';"
    "{new} ('{acme}', 'A', 'a', 'UTC', 'en', '', now(), '{{}}', {due}); {erase}",
    "another row in its place": "UPDATE tenants_tenant SET id = gen_random_uuid() WHERE id = '{acme}';"
    "{new} ('{acme}', 'A', 'a', 'UTC', 'en', '', now(), '{{}}', {due}); {erase}",
    "an upsert": "{new} ('{acme}', 'A', 'acme', 'UTC', 'en', '', now(), '{{}}', NULL)"
    " ON CONFLICT (id) DO UPDATE SET deletes_at = {due}; {erase}",
    "a merge": "MERGE INTO tenants_tenant t USING (SELECT '{acme}'::uuid AS id) s ON t.id = s.id"
    " WHEN MATCHED THEN UPDATE SET deletes_at = {due}; {erase}",
    "a deletion in the past": "UPDATE tenants_tenant SET deletes_at = {due} WHERE id = '{acme}'; {erase}",
    "at the beginning of time": "UPDATE tenants_tenant SET deletes_at = '-infinity' WHERE id = '{acme}'; {erase}",
    "a deletion that is due soon": "UPDATE tenants_tenant SET deletes_at = now() + interval '1 day'",
    "a new workspace that is due": "{new} (gen_random_uuid(), 'A', 'a', 'UTC', 'en', '', now(), '{{}}', {due})",
    "without waiting": "SELECT erase_tenant()",
    "another grace": "CREATE OR REPLACE FUNCTION deletion_grace() RETURNS interval LANGUAGE sql"
    " AS 'SELECT interval ''0'''",
    "no grace": "DROP FUNCTION deletion_grace()",
    "another function of that name before it": "CREATE FUNCTION pg_temp.deletion_grace() RETURNS interval LANGUAGE sql"
    " AS 'SELECT interval ''0'''",
    "no trigger": "ALTER TABLE tenants_tenant DISABLE TRIGGER tenants_tenant_guard",
    "no triggers in this session": "SET session_replication_role = replica",
    "a table of that name before it": "CREATE TEMP TABLE tenants_tenant (id uuid, deletes_at timestamptz)",
    "a schema before it": "CREATE SCHEMA earlier",
    "the trail itself": "DELETE FROM tenants_auditevent",
    "the trail by truncating": "TRUNCATE tenants_auditevent",
    "the trail by a cascade": "TRUNCATE tenants_tenant CASCADE",
    "the trail by dropping": "DROP TABLE tenants_auditevent",
    "an entry's words": "UPDATE tenants_auditevent SET detail = '{{}}'",
    "an entry's words by an upsert": "INSERT INTO tenants_auditevent SELECT * FROM tenants_auditevent"
    " ON CONFLICT (id) DO UPDATE SET detail = '{{}}'",
    "an entry's words by a merge": "MERGE INTO tenants_auditevent a USING tenants_auditevent b ON a.id = b.id"
    " WHEN MATCHED THEN DELETE",
    "locking the trail's rows for a change": "SELECT * FROM tenants_auditevent FOR UPDATE",
    "what happened with accounts": "DELETE FROM tenants_accountevent",
    "the list of what was erased": "DELETE FROM tenants_erasedtenant",
    "a forged entry of that list": "INSERT INTO tenants_erasedtenant VALUES (gen_random_uuid(), now())",
}

MONEY = {
    "less spent": "UPDATE usage_meter SET spent_usd = 0",
    "a little less spent": "UPDATE usage_meter SET spent_usd = spent_usd - 0.0000000001",
    "no meter": "DELETE FROM usage_meter",
    "no hold": "DELETE FROM usage_hold",
    "a hold settled twice": "UPDATE usage_hold SET state = 'open'",
    "a smaller hold": "UPDATE usage_hold SET amount_usd = 0",
    "a smaller record": "UPDATE usage_usagerecord SET cost_usd = 0",
    "no record": "DELETE FROM usage_usagerecord",
    "no records at all": "TRUNCATE usage_usagerecord",
}

MOVING = {
    "an employee": "UPDATE agents_agent SET tenant_id = '{globex}'",
    "a meter": "UPDATE usage_meter SET tenant_id = '{globex}'",
    "a row of theirs": "INSERT INTO usage_meter (id, tenant_id, key, name, spent_usd, reserved_usd)"
    " VALUES (gen_random_uuid(), '{globex}', 'k', 'n', 0, 0)",
    "an entry in their trail": "{entry} '{globex}', now(), 'system')",
}

POWER = {
    "as its owner": "SET ROLE owner",
    "as another role": "SET ROLE {other}",
    "as a superuser": "SET ROLE postgres",
    "as another session": "SET SESSION AUTHORIZATION owner",
    "more attributes": "ALTER ROLE {me} BYPASSRLS",
    "a role of its own": "CREATE ROLE helper LOGIN",
    "a member of owner": "GRANT owner TO {me}",
    "others in its place": "GRANT sweeper TO {other}",
    "a table": "CREATE TABLE mine (id int)",
    "a temporary table": "CREATE TEMP TABLE mine (id int)",
    "a view": "CREATE VIEW mine AS SELECT 1",
    "a function": "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "an operator's place in public": "CREATE TYPE mine AS ENUM ('a')",
    "a schema": "CREATE SCHEMA mine",
    "a database": "CREATE DATABASE mine",
    "an extension": "DROP EXTENSION plpgsql",
    "an index": "CREATE INDEX mine ON tenants_auditevent (detail)",
    "a trigger": "CREATE TRIGGER mine BEFORE INSERT ON tenants_auditevent EXECUTE FUNCTION guard_trail()",
    "a policy": "CREATE POLICY mine ON usage_meter USING (true)",
    "no row-level security": "ALTER TABLE usage_meter DISABLE ROW LEVEL SECURITY",
    "a column": "ALTER TABLE tenants_tenant ADD COLUMN mine int",
    "a default right": "ALTER DEFAULT PRIVILEGES FOR ROLE owner GRANT ALL ON TABLES TO {me}",
    "a sequence set back": "SELECT setval('django_admin_log_id_seq', 1)",
    "a file of the server": "SELECT pg_read_file('postgresql.conf')",
    "a folder of the server": "SELECT * FROM pg_ls_dir('.')",
    "a program on the server": "COPY (SELECT 1) TO PROGRAM 'true'",
    "a file written": "COPY (SELECT 1) TO '/tmp/mine'",
    "a file read": "COPY tenants_formerslug FROM '/etc/passwd'",
    "a large object out of a file": "SELECT lo_import('/etc/passwd')",
    "a large object into a file": "SELECT lo_export(1, '/tmp/mine')",
    "passwords of roles": "SELECT rolpassword FROM pg_authid",
    "the server's settings": "ALTER SYSTEM SET log_statement = 'all'",
    "a setting of the database": "ALTER DATABASE roster SET app.tenant_id = '{acme}'",
    "a tenant in which its sessions begin": "ALTER ROLE {me} SET app.tenant_id = '{acme}'",
    "a setting of another role": "ALTER ROLE {other} SET search_path = pg_temp",
    "what the log says": "SET log_statement = 'none'",
    "the configuration again": "SELECT pg_reload_conf()",
    "the write-ahead log": "SELECT pg_switch_wal()",
    "a replication slot": "SELECT pg_create_logical_replication_slot('mine', 'pgoutput')",
    "what owner made of functions": "ALTER FUNCTION erase_tenant() SECURITY INVOKER",
    "what migrations were made": "DELETE FROM django_migrations",
    "a migration that was not": "INSERT INTO django_migrations (app, name, applied) VALUES ('a', 'b', now())",
    "what Django's permissions mean": "UPDATE django_content_type SET model = 'x'",
}

STAFFS = {
    "messages": "SELECT * FROM agents_turn",
    "tokens of channels": "SELECT token FROM channels_connection",
    "sessions": "SELECT session_data FROM django_session",
    "passwords": "SELECT password FROM tenants_user",
    "a password": "UPDATE tenants_user SET password = 'x'",
    "an address": "UPDATE tenants_user SET email = 'x'",
    "a member": "INSERT INTO tenants_membership (id, tenant_id, user_id, role, created_at)"
    " VALUES (gen_random_uuid(), '{acme}', gen_random_uuid(), 'owner', now())",
    "a workspace's end": "UPDATE tenants_tenant SET deletes_at = {due}",
    "erasing": "{erase}",
    "ending": "SELECT erase_tenant()",
    "the trail": "DELETE FROM tenants_auditevent",
    "an entry in somebody else's name": "{entry} '{acme}', now(), 'member')",
    "an entry about last year": "{entry} '{acme}', now() - interval '1 year', 'staff')",
}
