"""Outside accounts that workspaces connect: whose they are (routes), connecting (connect), losing them (health),
and moving them to another workspace (handover). activity says what they bring.

Connecting stores the credentials encrypted and claims the route, which must not belong to another workspace. What is
entered by hand is a draft (drafts) until then, with the id of the connection to be. Disconnecting erases the
credentials, frees the route, fences off the worker that is answering, and ends what waits.

It imports providers.base and reasons; all code that reads or sends messages imports it.
"""
