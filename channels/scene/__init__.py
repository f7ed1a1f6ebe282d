"""What an answer is told about its surroundings: people's names, the workspace's time, earlier talk in the thread.

It imports providers, connections and handles; messages, tasks and the edges import it.
"""
