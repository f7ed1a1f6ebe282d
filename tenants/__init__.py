"""The ground: people, workspaces and their members, tenancy in Postgres, permissions, encryption, the audit trail.

Every app may import it; it imports none. At the root are the models and what everything needs:

`scope`: `tenant_scope(tenant_id)` is one transaction in which Postgres knows the tenant. The setting is local to the
transaction, so no connection pool can carry it to another request. Inside a scope, one of the same tenant costs
nothing; one of another tenant is a savepoint and restores the outer tenant. A new row gets its tenant from the scope.
`sweeper_scope` becomes the role `sweeper` for one transaction.

`row_level_security`: the migration operation that puts a table under a forced policy: with no tenant set, there are no
rows and inserts fail. A plain foreign key may point to another tenant's row, because its check ignores policies. So
each foreign key between tenants' tables gets a second one on (tenant_id, id). tests/tenancy/test_catalogue.py lists
every table outside of row-level security, with the reason. Code that reads one of those filters by tenant itself.

`database_roles`, `guard`: `owner` migrates, `app` serves, `sweeper` sees ids, states and times of all tenants, `staff`
sees the columns that the staff's admin names. A process whose role could bypass the policies does not start.

`encryption`: `EncryptedField` stores the key's id and a Fernet token and reads as a `Secret`, which shows only its
last four characters. A value is decrypted only when it is used, so a missing key stops only what needs it.

`permissions`: one table of what each role may do. `tasks`: `TenantTask`, and `wake`, the one way to enqueue a task.
"""
