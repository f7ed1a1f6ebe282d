"""Where people talk to AI employees: connections, incoming and outgoing messages, one package per provider.

Only config imports it; it imports all other apps. docs/pipeline.md has every state of a message.
"""
