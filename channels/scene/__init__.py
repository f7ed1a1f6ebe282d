"""What an answer is told around a conversation: names of people, the workspace's time, talk that went before.

It imports providers, connections and handles; messages, tasks and the edges import it.
"""
