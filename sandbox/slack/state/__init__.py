"""The sandbox Slack as one value: workspaces, messages, the events about them and their deliveries.

It imports nothing else of this peer.
"""
