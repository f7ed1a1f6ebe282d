"""A workspace and its people: making one, its settings, members, invitations, API tokens, support access.

It imports audit and mail; http, the pages and the API import it.
"""
