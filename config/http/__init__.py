"""What every request and log line passes, without a business rule: headers, probes, sessions, logs and their scrubber.

It imports nothing of config but itself; settings, urls and wsgi import it.
"""
