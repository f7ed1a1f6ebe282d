"""The setup wizard: which steps there are, and which one is next.

Each app owns its steps and imports this package; `ONBOARDING_STEPS` in settings names them by dotted path. A step
computes from data whether it is done, and no position is stored, so closing the browser loses nothing.
"""
