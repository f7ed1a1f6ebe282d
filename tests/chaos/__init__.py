"""Is any message lost or answered twice while everything breaks? `make chaos`."""
