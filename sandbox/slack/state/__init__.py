"""The sandbox Slack's state: workspaces, messages, the events about them and their deliveries.

It imports nothing else from sandbox.slack.
"""
