"""An LLM's Markdown, written again as a provider shows text, and cut into parts of the size that it takes.

It imports nothing of ours. The providers' packages import it: each brings a Writer of its own.
"""
