"""Outside accounts that workspaces connect: whose they are (routes), connecting (connect), losing them (health).

Connecting stores the token encrypted and claims the route, which must not belong to another workspace. Disconnecting
erases the token, frees the route, fences off the worker that is answering, and ends what waits.

It imports providers.base and reasons; all code that reads or sends messages imports it.
"""
