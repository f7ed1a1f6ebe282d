"""What every request and log line goes through, without business rules: headers, probes, sessions, logs, the scrubber.

It imports nothing else of config; settings, urls and asgi import it.
"""
