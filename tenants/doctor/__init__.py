"""`manage.py doctor`: what a check and a finding are (report), and this app's checks.

The checks of the other apps import report.
"""
