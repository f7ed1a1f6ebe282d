"""Embedded Postgres and Valkey, and the folder that holds their data and the generated secrets.

Start with `datafolder.DataFolder`, `postgres.Postgres` and `valkey.Valkey`. None of them needs Django's settings. `run`
and the tests import it.

The servers run as `nobody` when started by root, since Postgres refuses to run as root. If `nobody` cannot enter the
data folder, the database goes to `/var/lib` or `/var/tmp`, and the log says so.
"""
