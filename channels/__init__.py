"""Where people talk to AI employees: connections, messages in and out, a package for each provider.

Only config imports it; it imports all other apps.
"""
