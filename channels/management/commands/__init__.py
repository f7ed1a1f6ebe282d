"""`manage.py` commands for replaying failed messages. Django loads them by name."""
