"""What every request passes: limits, who calls, which workspace, idempotency, errors, and the shapes of the API.

It imports accounts, team and staff; views and APIs of every app import it, verbs never do.
"""
