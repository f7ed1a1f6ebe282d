"""The ground: people, workspaces and their members, tenancy in Postgres, the audit trail, and what all pages share.

Every app may import it; it imports none.
"""
