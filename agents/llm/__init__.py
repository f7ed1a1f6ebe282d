"""Asking an LLM: the request, the one way to send it (calls), the client behind it, what is made of answers and errors.

It imports models only and knows no conversation. Reasons, runs and the doctor import it.
"""
