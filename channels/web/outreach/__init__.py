"""Writing to people whose window is closed."""
