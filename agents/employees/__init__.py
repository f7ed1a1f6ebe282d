"""AI employees: hiring and letting go (hiring), the order of seats (team), and whether they answer (presence).

It imports models and reasons, and nothing of runs.
"""
