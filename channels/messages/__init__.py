"""The life of a message: received, heard, answered, delivered; a sweep picks up what was left.

It imports providers, connections, handles and scene; privacy, tasks and the edges import it. See docs/pipeline.md.
"""
