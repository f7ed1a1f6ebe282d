"""AI employees: hiring them, changing them, letting them go.

Letting one go frees the seat and keeps conversations and usage. It imports models and nothing of runs; pages, the API
and the wizard import it.
"""
