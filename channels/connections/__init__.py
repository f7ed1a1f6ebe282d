"""Outside accounts that workspaces connect: whose they are (routes), how they begin (connect) and end (health).

It imports providers.base and reasons; whatever reads or sends messages imports it.
"""
