"""Time: what is due when, test clocks that move it, and real time for everything else.

It imports `subscriptions` and below.
"""
