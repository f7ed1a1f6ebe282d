"""Subscriptions: how they start, change, renew, resume and end, their schedules, and previews of it all.

It imports `billing` and below.
"""
