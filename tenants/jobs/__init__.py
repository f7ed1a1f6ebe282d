"""Background jobs of all apps: keeping the lease of what this process works on, and sweeping up what is overdue.

The row itself, with its attempt and lease, is tenants.models.Job. `keeper` renews the leases of this process, by the
SQL in `renewals`, and tells work through its `hold` that it was overtaken or has to stop. `sweeps` runs what
settings.SWEEPS names: each app's own search for overdue work. `shares` bounds how many of a worker's threads one kind
of work can use; `pool` has threads that workspaces get in turn. `wakeups` has the bell that turns many wake-ups into
few.
Everything that claims jobs may import this package; it knows only models and scopes, and no kind of job.
"""
