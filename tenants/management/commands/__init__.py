"""`manage.py` commands for workspaces, database roles, keys and the doctor. Django loads them by name."""
