"""Postgres and Valkey of our own, and the folder that holds their data and the generated secrets.

`datafolder.DataFolder`, `postgres.Postgres` and `valkey.Valkey` are the way in; none of them needs Django's settings.
"""
