"""A message walks through: received, heard, answered, delivered; what was left is swept up.

It imports providers, connections, handles and scene; privacy, tasks and the edges import it.
"""
