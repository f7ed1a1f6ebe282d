"""Time: what is due when, test clocks that advance it, and real time for everything else.

It imports `subscriptions` and below.
"""
