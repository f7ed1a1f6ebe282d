"""A workspace's rights over its data: export, deletion after a grace period; and rotation of encryption keys.

An export reads every table of tenants, found in Django's registry, in one transaction, and writes JSON lines into a
zip. The file is stored as `ExportPart` rows for seven days, so that any web process can send it. Secrets are masked.

A deletion sets `deletes_at`; from then on the quota refuses, and owners can still cancel it. When the time has come,
channels.privacy closes the workspace, and `deletion.erase` empties every table with a `tenant_id`, which it finds in
Postgres's catalog. `app` cannot delete from append-only tables, so a function of `owner` does: it is bound to the
scope's tenant by row-level security, and refuses before the time. One `AccountEvent` with the counts remains, and the
id as an `ErasedTenant`, so that it is never given out again.

It imports audit and mail; the doctor, tasks and pages import it.
"""
