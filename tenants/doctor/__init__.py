"""`manage.py doctor`: checks and findings (report), and this app's own checks.

The checks of the other apps import report.
"""
