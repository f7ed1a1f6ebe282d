"""Subscriptions: how they begin, change, renew, resume and end, their schedules, and previews of all of it.

It imports `billing` and below.
"""
