"""What every request goes through: limits, who is calling, which workspace, permissions, idempotency, and errors.

The middleware finds the workspace by the slug in `/t/<slug>/…`, by the API token or by `Roster-Workspace`, opens its
scope, and rolls back if the response is 400 or higher. A workspace of somebody else gets the same response as one that
does not exist. Views that call a provider or the mail server are marked `@opens_own_scope` and open short scopes around
the call. A view without a permission is closed to everybody in the API, and fails the isolation tests in the portal.

It imports accounts, team and staff; views and APIs of every app import it, domain code never does.
"""
