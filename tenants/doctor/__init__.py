"""`manage.py doctor`: what a check and a finding are (report), and the checks of this app.

The checks of other apps import report. `DOCTOR_CHECKS` in settings lists all checks.
"""
