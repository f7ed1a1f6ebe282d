"""Asking an LLM: the request, sending it (calls), the client, and making sense of answers and errors.

`calls` hands each request to the one event loop of the process. `wire` limits what is read, `mending` repairs its
shape, `reading` says what it is, `failures` what an error means.

It imports models only and knows no conversation. Reasons, runs and the doctor import it.
"""
