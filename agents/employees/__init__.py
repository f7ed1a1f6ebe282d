"""AI employees: hiring and letting go. It imports models, and nothing of runs."""
